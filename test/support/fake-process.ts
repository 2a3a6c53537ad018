/** For tests: processes that exist only as objects. */
import type { AppPlan } from '../../src/config/plan.ts';
import type { Exit } from '../../src/supervisor/exit.ts';
import type { Launcher, LaunchRequest } from '../../src/supervisor/instance.ts';
import type { Running } from '../../src/supervisor/process.ts';
import { appPlan } from './plans.ts';

export class FakeProcess implements Running {
  readonly record: Running['record'];
  readonly request: LaunchRequest;
  readonly signals: NodeJS.Signals[] = [];
  #callbacks: ((exit: Exit) => void)[] = [];
  alive = true;

  constructor(request: LaunchRequest, pid: number, now: number) {
    this.request = request;
    const lease = { out: '', err: '', socket: null, port: null, guest: true };
    this.record = { pid, startTime: pid, serial: request.serial, spawnedAt: now, lease };
  }

  signal(signal: NodeJS.Signals): void {
    this.signals.push(signal);
  }

  notify(signal: NodeJS.Signals): boolean {
    this.signals.push(signal);
    return this.alive;
  }

  spareChildren(): void {}

  onExit(callback: (exit: Exit) => void): void {
    this.#callbacks.push(callback);
  }

  look(): void {}

  exit(exit: Exit = { code: 0, signal: null }): void {
    this.alive = false;
    for (const callback of this.#callbacks) callback(exit);
  }
}

/** Launches at once, or as `behave` says. */
export class FakeLauncher implements Launcher {
  readonly launched: FakeProcess[] = [];
  readonly #now: () => number;
  /** Set to an error to make spawns fail. */
  failure: Error | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  async launch(request: LaunchRequest): Promise<Running> {
    if (this.failure) throw this.failure;
    const process = new FakeProcess(request, 1000 + this.launched.length, this.#now());
    this.launched.push(process);
    return process;
  }

  get alive(): FakeProcess[] {
    return this.launched.filter((process) => process.alive);
  }
}

export function fakePlan(overrides: Partial<AppPlan> = {}): AppPlan {
  return appPlan({ sticky: 'none', hold: { timeoutMs: 10_000, maxWaiting: 100 }, ...overrides });
}
