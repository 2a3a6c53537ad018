/** Wakes a reader when something in the log directory changes, or when its time is up. */
import { type FSWatcher, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const SWARM_MS = 10;

export class Alarm {
  readonly #dir: string;
  readonly #signal: AbortSignal | undefined;
  #watcher: FSWatcher | undefined;
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(dir: string, signal?: AbortSignal) {
    this.#dir = dir;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#ring);
    this.#watch();
  }

  /** Resolves at a change since the last call, when the signal is aborted, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#watcher) this.#watch();
    if (!this.#rung && !this.#signal?.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    // Changes come in swarms, and each look costs a few system calls.
    if (this.#rung && !this.#signal?.aborted) await sleep(SWARM_MS);
    this.#rung = false;
    this.#wake = undefined;
  }

  close(): void {
    this.#signal?.removeEventListener('abort', this.#ring);
    this.#watcher?.close();
  }

  readonly #ring = (): void => {
    this.#rung = true;
    this.#wake?.();
  };

  /** Watching is only a hint: without it (no directory yet, no watches left), the time decides. */
  #watch(): void {
    try {
      const watcher = watch(this.#dir, this.#ring);
      watcher.on('error', () => {
        watcher.close();
        this.#watcher = undefined;
      });
      this.#watcher = watcher;
    } catch {
      this.#watcher = undefined;
    }
  }
}
