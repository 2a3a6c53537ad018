/** Things that cost a client next to nothing and us something: so many at once, and so many more in a second. */
export class Budget {
  readonly #most: number;
  readonly #perMs: number;
  #left: number;
  #at = 0;

  constructor(most: number, perSecond: number) {
    this.#most = most;
    this.#perMs = perSecond / 1000;
    this.#left = most;
  }

  /** Whether it covers one more. @param now in ms */
  spend(now: number): boolean {
    if (now > this.#at) {
      if (this.#at > 0) this.add((now - this.#at) * this.#perMs);
      this.#at = now;
    }
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Something that has made more of them reasonable. */
  add(count: number): void {
    this.#left = Math.min(this.#most, this.#left + count);
  }
}
