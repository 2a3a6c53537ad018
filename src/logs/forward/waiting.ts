/** Counts the lines of rotated files that wait to be forwarded, so that one knows how many are lost when one of them is removed. */
import { rotatedLines } from '../log-snapshot.ts';
import type { LogCursor } from './cursor.ts';

export class Waiting {
  readonly #cursor: LogCursor;
  /** Lines of each rotated file of which nothing was read, by `until`. */
  #counts = new Map<string, number>();

  constructor(cursor: LogCursor) {
    this.#cursor = cursor;
  }

  /** Lines in files that were removed since the last call. To be called while nothing is read. */
  async lostSince(): Promise<number> {
    const files = await this.#cursor.untouched();
    const there = new Set(files.map(({ until }) => until));
    let lost = 0;
    for (const [until, count] of this.#counts) if (!there.has(until)) lost += count;
    const counts = new Map<string, number>();
    for (const file of files) {
      let count = this.#counts.get(file.until);
      if (count === undefined) {
        count = 0;
        for await (const lines of rotatedLines(file)) count += lines.length;
      }
      counts.set(file.until, count);
    }
    this.#counts = counts;
    return lost;
  }
}
