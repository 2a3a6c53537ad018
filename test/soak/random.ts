/** Repeatable chance: the same seed gives the same numbers (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0, below this one. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  /** One of these, those with more weight more often. */
  pick<T>(weighted: readonly (readonly [T, number])[]): T {
    let at = this.below(weighted.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [value, weight] of weighted) {
      at -= weight;
      if (at < 0) return value;
    }
    throw new Error('Nothing to pick from');
  }
}
