/** For tests of guardians: a real supervisor over processes that exist only as objects, and a clock that stands still. */
import type { AppPlan } from '../../src/config/plan.ts';
import { FakeClock } from '../../src/kit/clock.ts';
import type { HoldfastEvent } from '../../src/protocol/events.ts';
import type { Instance } from '../../src/supervisor/instance.ts';
import { Supervisor, type SupervisorFact } from '../../src/supervisor/supervisor.ts';
import { FakeLauncher, type FakeProcess, fakePlan } from './fake-process.ts';

/** A clock of a machine that may be suspended: then time passes, and nothing happens. */
class SleepyClock extends FakeClock {
  #slept = 0;

  override now(): number {
    return super.now() + this.#slept;
  }

  sleep(ms: number): void {
    this.#slept += ms;
  }
}

export class FakeSupervision {
  readonly clock = new SleepyClock(1_000_000);
  readonly launcher = new FakeLauncher(() => this.clock.now());
  readonly recorded: Pick<HoldfastEvent, 'type' | 'instance' | 'reason'>[] = [];
  readonly journal = {
    record: (type: HoldfastEvent['type'], about: { instance?: string; reason?: string }): HoldfastEvent => {
      const event = { type, ...about };
      this.recorded.push(event);
      return { seq: 0, time: '', ...event };
    },
  };
  readonly supervisor: Supervisor;
  /** Hears what happens. */
  heard: (fact: SupervisorFact) => void = () => undefined;

  constructor() {
    this.supervisor = new Supervisor({
      clock: this.clock,
      random: () => 0,
      launcher: this.launcher,
      traffic: { admit: async () => undefined, retire: async () => undefined },
      askToEnd: () => false,
      hindrance: () => null,
      onFact: (fact) => this.heard(fact),
      onChange: () => undefined,
    });
  }

  /** An app with so many instances, all ready. */
  async ready(wanted: number, plan: Partial<AppPlan>): Promise<readonly Instance[]> {
    const desired = {
      plan: fakePlan({ instances: wanted, ...plan }),
      wanted,
      generation: 1,
      mode: 'rolling',
      idle: [],
      overlap: true,
      oneFirst: false,
      previous: null,
      drainLimitMs: null,
    } as const;
    this.supervisor.desire('web', desired);
    await this.settle();
    this.makeReady();
    return this.instances;
  }

  get instances(): readonly Instance[] {
    return this.supervisor.app('web')?.instances ?? [];
  }

  makeReady(): void {
    for (const instance of this.instances) {
      if (instance.phase === 'starting' && instance.running) instance.dispatch({ type: 'ready' });
    }
  }

  /** The process of an instance. */
  processOf(instance: Instance | undefined): FakeProcess {
    const found = this.launcher.alive.find(({ record }) => record.pid === instance?.running?.record.pid);
    if (!found) throw new Error(`${instance?.key} has no process`);
    return found;
  }

  /** Lets time pass in small steps, and promises that are due run in between. */
  async pass(ms: number): Promise<void> {
    const stepMs = 50;
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(Math.min(stepMs, ms - passed));
      await this.settle();
    }
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
}
