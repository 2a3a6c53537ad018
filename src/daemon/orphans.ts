/**
 * Instances that run although no app of their name is known: desired state was damaged, and the generation before it did not
 * have them yet. They are left in peace, since they may be all that serves, and end with `down`, or when an app of
 * their name is started.
 */
import type { Clock } from '../kit/clock.ts';
import { identify } from '../kit/proc.ts';
import { adoptProcess, type ProcessRecord } from '../supervisor/process.ts';
import type { InstanceRecord } from '../supervisor/supervisor.ts';
import type { Journal } from './journal.ts';

export interface Orphan {
  readonly app: string;
  /** Such as `web.0`. */
  readonly instance: string;
  readonly process: ProcessRecord;
}

export interface OrphansOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  /** This one, such as `web.0#3`, has ended. */
  ended(key: string): Promise<void>;
}

const TERM_MS = 5000;
const KILL_MS = 5000;

export class Orphans {
  readonly #options: OrphansOptions;
  #known: readonly Orphan[] = [];

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** Tells of those that were found at the start. */
  found(orphans: readonly Orphan[]): void {
    this.#known = orphans.filter(({ process }) => identify(process.pid)?.startTime === process.startTime);
    for (const { app, instance, process } of this.#known) {
      this.#options.journal.record('state.repaired', {
        app,
        instance,
        pid: process.pid,
        reason: `"${instance}" runs, but what was stored of its app is lost: it is not supervised, and ends with \`hold down\` or when "${app}" is started`,
      });
    }
  }

  /** Ends those of these apps. */
  async end(apps: readonly string[]): Promise<void> {
    const ending = this.#known.filter(({ app }) => apps.includes(app));
    this.#known = this.#known.filter((orphan) => !ending.includes(orphan));
    await Promise.all(ending.map((orphan) => this.#end(orphan)));
  }

  endAll(): Promise<void> {
    return this.end(this.#known.map(({ app }) => app));
  }

  async #end({ app, instance, process }: Orphan): Promise<void> {
    const { clock, journal } = this.#options;
    const running = adoptProcess(process, clock);
    const gone = new Promise<void>((resolve) => running.onExit(() => resolve()));
    running.signal('SIGTERM');
    const cancelKill = clock.after(TERM_MS, () => running.signal('SIGKILL'));
    let cancelWait: () => void = () => undefined;
    const patience = new Promise<void>((resolve) => {
      cancelWait = clock.after(TERM_MS + KILL_MS, resolve);
    });
    await Promise.race([gone, patience]);
    cancelKill();
    cancelWait();
    await this.#options.ended(`${instance}#${process.serial}`);
    journal.record('instance.stopped', { app, instance, pid: process.pid });
  }
}

/** Those of records whose app is not among these. */
export function orphansAmong(
  records: readonly InstanceRecord[],
  apps: Readonly<Record<string, unknown>>,
): readonly Orphan[] {
  return records.flatMap(({ app, snapshot, process }) =>
    process && !Object.hasOwn(apps, app) ? [{ app, instance: `${app}.${snapshot.slot}`, process }] : [],
  );
}
