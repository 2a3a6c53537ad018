/** A page of the user's own, at hand without waiting; it is looked at again now and then. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const FRESH_MS = 2_000;

export class KeptPage {
  readonly #path: string;
  readonly #now: () => number;
  #lookedAt: number;
  /** Its bytes as latin1; undefined: it cannot be read. */
  #text: string | undefined;

  constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
    this.#lookedAt = now();
    try {
      this.#text = readFileSync(path, 'latin1');
    } catch {
      // Then the edge has a page of its own, until there is one here.
    }
  }

  /** The page as it was when it was asked for before. */
  get text(): string | undefined {
    if (this.#now() - this.#lookedAt > FRESH_MS) {
      this.#lookedAt = this.#now();
      void this.#look();
    }
    return this.#text;
  }

  async #look(): Promise<void> {
    try {
      this.#text = await readFile(this.#path, 'latin1');
    } catch {
      // What there was is better than nothing.
    }
  }
}
