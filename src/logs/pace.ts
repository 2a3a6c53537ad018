/**
 * How long to rest after a read, so that a talkative app costs few wake-ups and is never held up by a full pipe
 * (64 KB on Linux): the more comes, the shorter the rest, down to none in a flood.
 */
export class Pace {
  #rest: 0 | 1 | 4 = 4;
  /** Small reads in a row without rest. */
  #small = 0;

  /** Milliseconds of rest after a read of so many bytes. */
  after(length: number): number {
    switch (this.#rest) {
      case 4:
        if (length > 12 * 1024) this.#rest = 1;
        break;
      case 1:
        if (length > 48 * 1024) this.#rest = 0;
        else if (length < 1024) this.#rest = 4;
        this.#small = 0;
        break;
      case 0:
        // One of them only means that we were quick.
        this.#small = length < 8 * 1024 ? this.#small + 1 : 0;
        if (this.#small >= 8) this.#rest = 1;
    }
    return this.#rest;
  }
}
