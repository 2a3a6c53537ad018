/** Crashes of apps that are being promoted, as they happen, by the release that crashed. */
import type { OutputLine } from '../../protocol/api.ts';
import type { SupervisorFact } from '../../supervisor/supervisor.ts';
import { baseName } from './next-name.ts';

export interface SeenCrash {
  /** `web`, also of `web@next`. */
  readonly app: string;
  readonly instance: string;
  readonly release: string | null;
  /** ms since the epoch. */
  readonly at: number;
  readonly reason: string;
  /** It was the last straw: it is not started again. */
  readonly forGood: boolean;
  readonly output: readonly OutputLine[];
}

export interface CrashLogOptions {
  now(): number;
  /** Resolves when all its output was read. */
  ended(key: string): Promise<void>;
  lastLines(key: string): readonly OutputLine[];
}

/** More than anybody would wait for. */
const KEPT = 200;

export class CrashLog {
  readonly #options: CrashLogOptions;
  readonly #listeners = new Set<() => void>();
  #seen: SeenCrash[] = [];

  constructor(options: CrashLogOptions) {
    this.#options = options;
  }

  heard(fact: SupervisorFact): void {
    if (fact.kind !== 'instance' || fact.instance.plan.job !== null) return;
    const { instance } = fact;
    const { type } = fact.fact;
    if (type !== 'crashed' && type !== 'failed') return;
    const seen = {
      app: baseName(instance.plan.name),
      instance: instance.id,
      release: instance.plan.release,
      at: this.#options.now(),
      reason: fact.fact.reason,
      forGood: type === 'failed',
    };
    const { key } = instance;
    // What it said is still on its way.
    void this.#options.ended(key).then(() => this.#add({ ...seen, output: this.#options.lastLines(key) }));
  }

  /** Oldest first. */
  all(): readonly SeenCrash[] {
    return this.#seen;
  }

  /** Calls back after each, until the returned function is called. */
  onCrash(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(crash: SeenCrash): void {
    this.#seen = [...this.#seen, crash].slice(-KEPT);
    for (const listener of [...this.#listeners]) listener();
  }
}
