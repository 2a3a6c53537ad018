/**
 * Recognises an app that writes into its own watched files when it starts: it would be restarted for ever. Pure.
 */

/** So soon after a restart people have not saved again. */
const SOON_MS = 2000;
/** Restarts in a row for the same files, each soon after the one before. */
const HABIT = 5;

export class SelfWrites {
  #restartedAt: number | null = null;
  #last = '';
  #inARow = 0;

  /** A restart is over. */
  restarted(now: number): void {
    this.#restartedAt = now;
  }

  /**
   * Whether it is the app itself that changes these files.
   *
   * @param since when the first of them changed
   */
  isHabit(files: Iterable<string>, since: number): boolean {
    const these = [...files].sort().join('\n');
    const isSoon = this.#restartedAt !== null && since - this.#restartedAt < SOON_MS;
    this.#inARow = !isSoon ? 0 : these === this.#last ? this.#inARow + 1 : 1;
    this.#last = these;
    return this.#inARow >= HABIT;
  }
}
