/** Commands about single instances of an app, about the run of a job, and what is sent to processes. */
import { constants } from 'node:os';
import { HoldfastError } from '../errors.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { Journal } from './journal.ts';
import { writeStdin } from './stdin.ts';
import type { Wishes } from './wishes.ts';

export interface InstanceOperationsOptions {
  readonly supervisor: Supervisor;
  readonly journal: Journal;
  readonly wishes: Wishes;
  /** Starts an app without these slots. */
  startApp(name: string, idle: readonly number[]): Promise<void>;
  stopApp(name: string): Promise<void>;
}

export class InstanceOperations {
  readonly #options: InstanceOperationsOptions;

  constructor(options: InstanceOperationsOptions) {
    this.#options = options;
  }

  /** Starts one instance: one that is stopped, or that has failed or is done. */
  async start(name: string, slot: number): Promise<void> {
    const { wishes } = this.#options;
    wishes.refuseWhileEnding([name]);
    const { stopped, idle, plan } = this.#checked(name, slot);
    if (stopped)
      return this.#options.startApp(
        name,
        slotsOf(plan.instances).filter((other) => other !== slot),
      );
    if (idle.includes(slot)) {
      wishes.edit(name, (old) => ({ ...old, idle: old.idle.filter((other) => other !== slot) }), {
        change: 'started',
        slot,
      });
    }
    const instance = this.#inSlot(name, slot);
    const rests = instance?.phase === 'backoff' || instance?.phase === 'done';
    if (rests && instance.plan.job === null) instance.dispatch({ type: 'start' });
    await wishes.makeTrue([name]);
  }

  /** Stops one instance; the last one that runs is the app. */
  async stop(name: string, slot: number): Promise<void> {
    const { wishes, supervisor } = this.#options;
    const { stopped, idle, plan } = this.#checked(name, slot);
    if (stopped) return;
    const left = slotsOf(plan.instances).filter((other) => other !== slot && !idle.includes(other));
    if (left.length === 0) return this.#options.stopApp(name);
    wishes.edit(name, (old) => ({ ...old, idle: [...new Set([...old.idle, slot])].sort((a, b) => a - b) }), {
      change: 'stopped',
      slot,
    });
    const app = supervisor.desire(name, wishes.desired(wishes.get(name)));
    await supervisor.until(() => !app.instances.some((instance) => instance.slot === slot));
  }

  /** Replaces one instance, without a gap when two can run at once. */
  async restart(name: string, slot: number): Promise<void> {
    const { wishes, supervisor, journal } = this.#options;
    wishes.refuseWhileEnding([name]);
    const { stopped, idle } = this.#checked(name, slot);
    const instance = this.#inSlot(name, slot);
    const runs = instance?.phase === 'ready' || instance?.phase === 'starting';
    if (stopped || idle.includes(slot) || !runs) return this.start(name, slot);
    journal.record('app.changed', { app: name, instance: instance.id, data: { change: 'restarted', slot } });
    const settled = wishes.makeTrue([name]);
    supervisor.app(name)?.replace(instance, 'a restart was asked for');
    try {
      await settled;
    } finally {
      // Who asked for it knows that it failed.
      instance.worn = null;
    }
  }

  /**
   * Runs a job now: resolves when its processes run.
   *
   * @throws HoldfastError JOB_RUNNING while the last run has not ended
   */
  async runJob(name: string): Promise<void> {
    const { wishes, supervisor } = this.#options;
    wishes.refuseWhileEnding([name]);
    const { plan, stopped, idle } = wishes.get(name);
    if (plan.job === null) {
      throw new HoldfastError('BAD_REQUEST', `Cannot run "${name}" now: it is no job, it has no "cron"`, {
        hint: `\`hold start ${name}\` starts it`,
      });
    }
    if (stopped) {
      throw new HoldfastError('BAD_REQUEST', `Cannot run "${name}" now: it is stopped`, {
        hint: `Run \`hold start ${name}\` first`,
      });
    }
    const all = supervisor.app(name)?.instances ?? [];
    const running = all.find(({ isActive }) => isActive);
    if (running) {
      const pid = running.running?.record.pid;
      throw new HoldfastError(
        'JOB_RUNNING',
        `Cannot run "${name}" now: its last run has not ended${pid === undefined ? '' : ` (pid ${pid})`}`,
      );
    }
    const runs = wishes.current(name).filter(({ slot }) => !idle.includes(slot));
    for (const instance of runs) instance.dispatch({ type: 'start' });
    await supervisor.until(() => runs.every(({ running, isActive }) => running !== null || !isActive));
    const failed = runs.find(({ isActive, lastExit }) => !isActive && lastExit === null);
    if (failed) {
      throw new HoldfastError('START_FAILED', `${failed.id} did not start: ${failed.machine.reason}`, {
        hint: 'Its next run is tried at its time',
      });
    }
  }

  /** @returns the ids of the instances that got it */
  signal(name: string, signal: string, slot: number | null): string[] {
    if (slot !== null) this.#checked(name, slot);
    else this.#options.wishes.get(name);
    if (!isSignal(signal)) {
      throw new HoldfastError(
        'BAD_REQUEST',
        `Cannot send "${signal}" to "${name}": it must be a signal such as SIGHUP or SIGUSR2`,
      );
    }
    const got = this.#running(name, slot).filter(({ running }) => running?.notify(signal));
    if (got.length === 0) {
      const whom = slot === null ? name : `${name}.${slot}`;
      throw new HoldfastError('BAD_REQUEST', `Cannot send ${signal} to "${whom}": it does not run`, {
        hint: `\`hold show ${name}\` says how it is`,
      });
    }
    for (const { id, running } of got) {
      this.#options.journal.record('instance.signalled', {
        app: name,
        instance: id,
        ...(running ? { pid: running.record.pid } : {}),
        data: { signal },
      });
    }
    return got.map(({ id }) => id);
  }

  /**
   * Writes to the stdin of running instances.
   *
   * @returns the ids of those that have it
   */
  async send(name: string, text: string, slot: number | null): Promise<string[]> {
    if (slot !== null) this.#checked(name, slot);
    const { plan } = this.#options.wishes.get(name);
    if (!plan.stdin) {
      throw new HoldfastError('BAD_REQUEST', `Cannot write to "${name}": its stdin is closed`, {
        hint: 'Set `stdin: true` for it in the configuration, or start it with `--set stdin=true`',
      });
    }
    const whom = slot === null ? name : `${name}.${slot}`;
    const readers = this.#running(name, slot).flatMap(({ id, running }) => {
      const path = running?.record.lease.stdin;
      return path === undefined ? [] : [{ id, path }];
    });
    if (readers.length === 0) {
      throw new HoldfastError('BAD_REQUEST', `Cannot write to "${whom}": it does not run`, {
        hint: `\`hold show ${name}\` says how it is`,
      });
    }
    await Promise.all(readers.map(({ id, path }) => writeStdin(path, text, id)));
    return readers.map(({ id }) => id);
  }

  /** Restart counts to 0. */
  reset(name: string): void {
    const { wishes, journal } = this.#options;
    wishes.get(name);
    for (const instance of wishes.current(name)) instance.forgive();
    journal.record('app.changed', { app: name, data: { change: 'reset' } });
  }

  #running(name: string, slot: number | null): readonly Instance[] {
    return this.#options.wishes
      .current(name)
      .filter((instance) => instance.running !== null && (slot === null || instance.slot === slot));
  }

  #inSlot(name: string, slot: number): Instance | undefined {
    return this.#options.wishes.current(name).find((instance) => instance.slot === slot);
  }

  #checked(name: string, slot: number) {
    const stored = this.#options.wishes.get(name);
    const { instances } = stored.plan;
    if (Number.isInteger(slot) && slot >= 0 && slot < instances) return stored;
    const known = instances === 1 ? `only "${name}.0"` : `"${name}.0" to "${name}.${instances - 1}"`;
    throw new HoldfastError('APP_UNKNOWN', `There is no instance "${name}.${slot}": there is ${known}`);
  }
}

function slotsOf(instances: number): number[] {
  return Array.from({ length: instances }, (_, slot) => slot);
}

function isSignal(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name);
}
