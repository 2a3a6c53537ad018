/** Replaces instances that use more memory than their soft limit, before they become a danger, and without a gap. */

import { listProcesses, rssBytes } from '../../kit/proc.ts';
import { formatBytes } from '../../kit/units.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { Guardian, GuardianContext } from '../guardians.ts';

/** One that is to be watched. */
export interface Watched {
  readonly app: string;
  /** Such as `web.0`. */
  readonly id: string;
  readonly pid: number;
  readonly limitBytes: number;
  readonly spawnedAt: number;
}

export interface MemoryContext extends Pick<GuardianContext, 'clock'> {
  /** Ready instances with a limit, which are not being replaced already. */
  watched(): readonly Watched[];
  /** Resident memory of whole sessions; an instance leads one. */
  usage(sessions: ReadonlySet<number>): ReadonlyMap<number, number>;
  record(event: Pick<HoldfastEvent, 'app' | 'instance' | 'pid' | 'reason' | 'data'>): void;
  replace(watched: Watched, reason: string): void;
}

/** How often, when one is near its limit or young; a look reads all of /proc, so otherwise it is seldom. */
const OFTEN_MS = 1000;
const SELDOM_MS = 3000;
const NEAR = 0.7;
const YOUNG_MS = 10_000;
/** Looks in a row that must find it over its limit: what comes with one large request may go with it. */
const LOOKS = 2;
/** A limit that is too low would make an instance be replaced for ever, as fast as it starts. Then the pauses grow. */
const SHORT_LIFE_MS = 60_000;
const PAUSE_MIN_MS = 10_000;
const PAUSE_MAX_MS = 300_000;

export function createMemory({ clock, journal, supervisor }: GuardianContext): Guardian {
  return new MemoryGuardian({
    clock,
    watched: () =>
      supervisor.apps.flatMap(({ name, current }) =>
        current.flatMap(({ id, plan, phase, draining, worn, running }): Watched[] => {
          const limitBytes = plan.memory.softBytes;
          if (limitBytes === null || plan.job || phase !== 'ready' || draining || worn !== null || !running)
            return [];
          const { pid, spawnedAt } = running.record;
          return [{ app: name, id, pid, limitBytes, spawnedAt }];
        }),
      ),
    usage: usageOf,
    record: (event) => journal.record('instance.worn', event),
    replace: ({ app, pid }, reason) => {
      const found = supervisor.app(app);
      const instance = found?.current.find(({ running }) => running?.record.pid === pid);
      if (instance) found?.replace(instance, reason);
    },
  });
}

export class MemoryGuardian implements Guardian {
  readonly #context: MemoryContext;
  #cancel: (() => void) | null = null;
  /** By pid: looks in a row at which it was over. */
  readonly #over = new Map<number, number>();
  /** By instance: how old the next one must be before it is replaced. */
  readonly #pauses = new Map<string, number>();

  constructor(context: MemoryContext) {
    this.#context = context;
  }

  heard(): void {
    this.changed();
  }

  changed(): void {
    if (this.#cancel === null && this.#context.watched().length > 0) this.#schedule(OFTEN_MS);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #schedule(afterMs: number): void {
    this.#cancel = this.#context.clock.after(afterMs, () => {
      this.#cancel = null;
      this.#look();
    });
  }

  #look(): void {
    const watched = this.#context.watched();
    const pids = new Set(watched.map(({ pid }) => pid));
    for (const pid of this.#over.keys()) if (!pids.has(pid)) this.#over.delete(pid);
    if (watched.length === 0) return;
    const usage = this.#context.usage(pids);
    const now = this.#context.clock.now();
    let often = false;
    for (const one of watched) {
      const used = usage.get(one.pid) ?? 0;
      if (used > one.limitBytes * NEAR || now - one.spawnedAt < YOUNG_MS) often = true;
      const looks = used > one.limitBytes ? (this.#over.get(one.pid) ?? 0) + 1 : 0;
      this.#over.set(one.pid, looks);
      if (looks >= LOOKS && this.#mayReplace(one, now)) this.#replace(one, used, now);
    }
    this.#schedule(often ? OFTEN_MS : SELDOM_MS);
  }

  #mayReplace({ id, spawnedAt }: Watched, now: number): boolean {
    return now - spawnedAt >= (this.#pauses.get(id) ?? 0);
  }

  #replace(one: Watched, used: number, now: number): void {
    const { app, id, pid, limitBytes } = one;
    this.#over.delete(pid);
    const pause = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, (this.#pauses.get(id) ?? 0) * 2));
    if (now - one.spawnedAt < Math.max(SHORT_LIFE_MS, pause)) this.#pauses.set(id, pause);
    else this.#pauses.delete(id);
    const reason = `it uses ${formatBytes(used)} of memory, its limit is ${formatBytes(limitBytes)}`;
    this.#context.record({ app, instance: id, pid, reason, data: { memoryBytes: used, limitBytes } });
    this.#context.replace(one, reason);
  }
}

function usageOf(sessions: ReadonlySet<number>): ReadonlyMap<number, number> {
  const usage = new Map<number, number>();
  for (const { pid, session } of listProcesses()) {
    if (sessions.has(session)) usage.set(session, (usage.get(session) ?? 0) + (rssBytes(pid) ?? 0));
  }
  return usage;
}
