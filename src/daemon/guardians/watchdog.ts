/**
 * The watchdog: an instance whose event loop is blocked for too long is ended and started again, and its crash record says where
 * it was stuck. The guest's reports of how the loop is are its heartbeat; programs without a guest send `WATCHDOG=1`, see
 * sd_notify(3).
 */
import type { Clock } from '../../kit/clock.ts';
import { readStat } from '../../kit/proc.ts';
import { formatDuration } from '../../kit/units.ts';
import type { Instance } from '../../supervisor/instance.ts';
import type { Supervisor, SupervisorFact } from '../../supervisor/supervisor.ts';
import type { Guardian, GuardianContext } from '../guardians.ts';
import type { Journal } from '../journal.ts';
import { healthEveryMs } from '../vital-orders.ts';

export interface WatchdogOptions {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'record'>;
  readonly supervisor: Pick<Supervisor, 'apps'>;
  /** When it last gave a sign, in ms since the epoch; null: never, or nothing is known of it yet. */
  heartbeat(instance: Instance): { readonly at: number; readonly debugged: boolean } | null;
  /** How the process is, by the kernel: see `ProcessStat`. */
  stat(pid: number): { readonly state: string; readonly cpuMs: number } | undefined;
  /** Resolves with where it is stuck, innermost first; empty when that does not come to light. */
  stackOf(instance: Instance): Promise<readonly string[]>;
}

export function createWatchdog({ clock, journal, supervisor, vitals }: GuardianContext): Guardian {
  return new Watchdog({
    clock,
    journal,
    supervisor,
    heartbeat: (instance) => vitals.heartbeat(instance),
    stackOf: (instance) => vitals.stackOf(instance),
    stat: readStat,
  });
}

/** Looks this often, or more often for a short watchdog. */
const LOOK_MS = 1000;
/** Our own timer may be this late before we rather doubt ourselves. */
const LATE_MS = 500;
/** One that gets this little of a busy machine's time is not blocked, it is starved. */
const STARVED_SHARE = 0.05;
/** But not for ever. */
const STARVED_LIMIT = 3;

interface Watch {
  readonly instance: Instance;
  readonly serial: number;
  /** Sign of life, or a good excuse. */
  aliveAt: number;
  /** CPU time that it had used then. */
  cpuMs: number;
  /** Its stack is being taken. */
  isDoomed: boolean;
}

export class Watchdog implements Guardian {
  readonly #options: WatchdogOptions;
  readonly #watches = new Map<string, Watch>();
  #cancel: (() => void) | null = null;
  #due = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  heard(fact: SupervisorFact): void {
    if (fact.kind !== 'rollout') this.#refresh();
  }

  changed(): void {
    this.#refresh();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#watches.clear();
  }

  #refresh(): void {
    for (const [key, { instance }] of this.#watches) {
      if (!isWatched(instance) || instance.key !== key) this.#watches.delete(key);
    }
    for (const app of this.#options.supervisor.apps) {
      for (const instance of app.instances) {
        if (!isWatched(instance) || this.#watches.has(instance.key)) continue;
        const watch = { instance, serial: instance.serial, aliveAt: 0, cpuMs: 0, isDoomed: false };
        this.#watches.set(instance.key, watch);
        this.#alive(watch, this.#options.clock.now());
      }
    }
    if (this.#watches.size > 0 && !this.#cancel) this.#schedule();
  }

  #schedule(): void {
    const shortest = Math.min(...[...this.#watches.values()].map(({ instance }) => limitOf(instance)));
    const wait = Math.min(LOOK_MS, Math.max(50, shortest / 4));
    this.#due = this.#options.clock.now() + wait;
    this.#cancel = this.#options.clock.after(wait, () => {
      this.#cancel = null;
      this.#lookAtAll();
      if (this.#watches.size > 0) this.#schedule();
    });
  }

  #lookAtAll(): void {
    const now = this.#options.clock.now();
    // We were late: overloaded, or asleep with the machine. What they sent meanwhile may wait unread.
    const wasLate = now > this.#due + LATE_MS;
    for (const watch of this.#watches.values()) {
      if (wasLate) this.#alive(watch, now);
      else if (!watch.isDoomed) this.#lookAt(watch, now);
    }
  }

  #lookAt(watch: Watch, now: number): void {
    const { heartbeat, stat } = this.#options;
    const beat = heartbeat(watch.instance);
    if (beat && beat.at > watch.aliveAt) this.#alive(watch, beat.at);
    if (beat?.debugged) this.#alive(watch, now);
    const silentMs = now - watch.aliveAt;
    const limit = limitOf(watch.instance);
    if (silentMs < limit) return;
    const pid = watch.instance.running?.record.pid;
    const process = pid === undefined ? undefined : stat(pid);
    if (!process) return;
    // Stopped with SIGSTOP, or by a debugger.
    if (/^t/i.test(process.state)) {
      this.#alive(watch, now);
      return;
    }
    const used = process.cpuMs - watch.cpuMs;
    const isStarved = process.state.startsWith('R') && used < silentMs * STARVED_SHARE;
    if (!isStarved || silentMs >= limit * STARVED_LIMIT) void this.#end(watch);
  }

  async #end(watch: Watch): Promise<void> {
    const { instance } = watch;
    watch.isDoomed = true;
    const stack = await this.#options.stackOf(instance).catch(() => []);
    // It ended, or came back at the last moment.
    if (this.#watches.get(instance.key) !== watch) return;
    const beat = this.#options.heartbeat(instance);
    if (beat && beat.at > watch.aliveAt) {
      watch.isDoomed = false;
      this.#alive(watch, beat.at);
      return;
    }
    const reason = blockedWords(instance, stack);
    const pid = instance.running?.record.pid;
    this.#options.journal.record('instance.unhealthy', {
      app: instance.plan.name,
      instance: instance.id,
      ...(pid !== undefined && { pid }),
      reason,
      data: { watchdog: true },
    });
    // It cannot hear a signal that Node handles in the event loop.
    instance.dispatch({ type: 'unhealthy', reason, urgent: true });
  }

  #alive(watch: Watch, at: number): void {
    watch.aliveAt = at;
    const pid = watch.instance.running?.record.pid;
    watch.cpuMs = (pid === undefined ? undefined : this.#options.stat(pid)?.cpuMs) ?? 0;
  }
}

/** A sign is due every so often, so silence for longer than both is needed to be sure of the block. */
function limitOf({ plan }: Instance): number {
  return (plan.watchdogMs ?? 0) + healthEveryMs(plan.watchdogMs);
}

function isWatched(instance: Instance): boolean {
  const { plan, phase, draining, running } = instance;
  return (
    plan.watchdogMs !== null && phase === 'ready' && !draining && running !== null && givesSigns(instance)
  );
}

/** The guest needs the link for it, which is a connection in the eyes of Node's permission model. */
function givesSigns({ plan, running }: Instance): boolean {
  if (plan.ready.by === 'notify') return true;
  return running?.record.lease.guest === true && (plan.rights.permissions?.net ?? true);
}

function blockedWords({ plan }: Instance, stack: readonly string[]): string {
  const time = formatDuration(plan.watchdogMs ?? 0);
  if (plan.ready.by === 'notify') return `it did not send WATCHDOG=1 for ${time}`;
  const place = placeOf(stack);
  return `the event loop was blocked for ${time}${place ? ` at ${place}` : ''}`;
}

/**
 * `work.js:12 (hash)` for `at hash (/app/work.js:12:7)`: the innermost line that is not Node's own, which is where a person can do
 * something about it.
 */
export function placeOf(stack: readonly string[]): string | null {
  const line = stack.find((one) => !/\bnode:|\(<anonymous>|^at <anonymous>/.test(one)) ?? stack[0];
  const match = /^at (?:(.*) \()?([^()]*?):(\d+):\d+\)?$/.exec(line ?? '');
  if (!match) return null;
  const [, name, file = '', number] = match;
  return `${file.split('/').at(-1)}:${number}${name ? ` (${name})` : ''}`;
}
