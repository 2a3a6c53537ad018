/** Memory and CPU of instances, read when somebody asks. */
import type { Clock } from '../kit/clock.ts';
import { readStat, rssBytes } from '../kit/proc.ts';

export interface Usage {
  readonly memoryBytes: number | null;
  /** Share of one core since the last look, or since the process started when this is the first. */
  readonly cpu: number | null;
}

interface Sample {
  readonly at: number;
  readonly cpuMs: number;
}

/** Looks that are closer together than this share one figure; a shorter span says nothing. */
const MIN_SPAN_MS = 500;

export class UsageMeter {
  readonly #clock: Clock;
  readonly #samples = new Map<number, Sample & { cpu: number | null }>();
  /** CPU time at the last look. */
  readonly #latest = new Map<number, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(pid: number, spawnedAt: number): Usage {
    const stat = readStat(pid);
    if (!stat) {
      this.#samples.delete(pid);
      this.#latest.delete(pid);
      return { memoryBytes: null, cpu: null };
    }
    this.#latest.set(pid, stat.cpuMs);
    const now = this.#clock.now();
    const before = this.#samples.get(pid) ?? { at: spawnedAt, cpuMs: 0, cpu: null };
    const span = now - before.at;
    let { cpu } = before;
    if (span >= MIN_SPAN_MS) {
      cpu = Math.max(0, (stat.cpuMs - before.cpuMs) / span);
      this.#samples.set(pid, { at: now, cpuMs: stat.cpuMs, cpu });
    }
    return { memoryBytes: rssBytes(pid) ?? null, cpu };
  }

  /** CPU time of a process so far, as the last look at it has found. */
  cpuMsOf(pid: number): number | null {
    return this.#latest.get(pid) ?? null;
  }

  /** Forgets processes that are gone. */
  keepOnly(pids: ReadonlySet<number>): void {
    for (const pid of this.#samples.keys()) if (!pids.has(pid)) this.#samples.delete(pid);
    for (const pid of this.#latest.keys()) if (!pids.has(pid)) this.#latest.delete(pid);
  }
}
