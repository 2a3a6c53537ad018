/** Several sequences of lines as one, ordered by time. Within each, its own order stays, even when the clock was set back. */
import type { LogLine } from './log-line.ts';

const BATCH = 1000;

/** Merges sources that give out lines in batches. */
export async function* mergeByTime(sources: readonly AsyncIterable<LogLine[]>[]): AsyncGenerator<LogLine[]> {
  const cursors = sources.map((source) => new Cursor(source));
  try {
    for (const cursor of cursors) await cursor.fill();
    let merged: LogLine[] = [];
    for (;;) {
      const cursor = earliest(cursors);
      const line = cursor?.head;
      if (!cursor || !line) break;
      merged.push(line);
      cursor.at += 1;
      if (merged.length < BATCH && cursor.head) continue;
      yield merged;
      merged = [];
      await cursor.fill();
    }
    if (merged.length > 0) yield merged;
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

/** Of those that have a head, the one whose head is the oldest; the first of equals. */
export function earliest<T extends { readonly head: LogLine | undefined }>(
  queues: readonly T[],
): T | undefined {
  let best: T | undefined;
  for (const queue of queues) {
    const time = queue.head?.time;
    if (time !== undefined && (best?.head === undefined || time < best.head.time)) best = queue;
  }
  return best;
}

class Cursor {
  at = 0;
  #batch: LogLine[] = [];
  readonly #source: AsyncIterator<LogLine[]>;

  constructor(source: AsyncIterable<LogLine[]>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** undefined: to be filled, or at its end. */
  get head(): LogLine | undefined {
    return this.#batch[this.at];
  }

  async fill(): Promise<void> {
    while (this.head === undefined) {
      const next = await this.#source.next();
      if (next.done) return;
      this.#batch = next.value;
      this.at = 0;
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
