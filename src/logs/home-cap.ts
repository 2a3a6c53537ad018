/**
 * The cap over all logs of a home. What is written is only added up; the directory is looked through when the sum reaches the
 * cap, which corrects it, and the oldest rotated files of whichever app make room. Since a twentieth of the cap becomes
 * free then, that happens rarely.
 */
import { rmSync } from 'node:fs';
import { sizedLogFiles } from './log-files.ts';

export const DEFAULT_HOME_CAP = 10 * 1024 ** 3;
const FREED_SHARE = 1 / 20;

export class HomeCap {
  readonly #dir: string;
  #cap = DEFAULT_HOME_CAP;
  /** At least what is there; NaN = nobody has looked. */
  #bytes = Number.NaN;
  #writers = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** null = 10 GB. */
  set(bytes: number | null): void {
    this.#cap = bytes ?? DEFAULT_HOME_CAP;
    this.#enforce();
  }

  /** One more app writes here, or one less. */
  joined(): void {
    this.#writers += 1;
  }

  left(): void {
    this.#writers -= 1;
  }

  /** The largest file that one app may write to: together they take at most half of the cap, since they are never removed. */
  get share(): number {
    return Math.floor(this.#cap / 2 / Math.max(1, this.#writers));
  }

  grown(bytes: number): void {
    this.#bytes += bytes;
    // Also when nobody has looked.
    if (!(this.#bytes <= this.#cap)) this.#enforce();
  }

  /** Never throws: what cannot be removed now is tried again when as much has been written. */
  #enforce(): void {
    try {
      const files = sizedLogFiles(this.#dir);
      this.#bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
      if (this.#bytes <= this.#cap) return;
      const rotated = files.flatMap((file) => (file.until === null ? [] : [{ ...file, until: file.until }]));
      rotated.sort((a, b) => (a.until < b.until ? -1 : 1));
      const wanted = this.#cap * (1 - FREED_SHARE);
      for (const { path, bytes } of rotated) {
        if (this.#bytes <= wanted) return;
        rmSync(path, { force: true });
        this.#bytes -= bytes;
      }
    } catch {
      // No directory yet, or not ours to clear.
    }
    this.#bytes = Math.min(this.#bytes || 0, this.#cap * (1 - FREED_SHARE));
  }
}
