/** The answers that are kept for one site: found by address and request, the one used longest ago thrown out first. */
import type { Fields } from '../http1/fields.ts';
import type { Stored } from './stored.ts';
import { selectionOf } from './vary.ts';

/** Answers of one address; who can ask for more of them could throw out all others. */
const VARIANTS_MAX = 24;

export class Store {
  readonly #totalBytes: number;
  /** The one used last comes last. */
  readonly #all = new Set<Stored>();
  /** The newest first. */
  readonly #byKey = new Map<string, Stored[]>();
  #bytes = 0;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** Bodies, heads and addresses. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#all.size;
  }

  find(key: string, told: string, request: Fields): Stored | undefined {
    const found = this.#byKey
      .get(key)
      ?.find((one) => one.told === told && one.selection === selectionOf(one.names, request));
    if (found) {
      this.#all.delete(found);
      this.#all.add(found);
    }
    return found;
  }

  /** Takes the place of what would have been found for the same request. */
  put(stored: Stored): void {
    const variants = this.#byKey.get(stored.key) ?? [];
    const same = variants.filter(
      (one) =>
        one.told === stored.told &&
        one.selection === stored.selection &&
        one.names.join() === stored.names.join(),
    );
    for (const one of same) this.remove(one);
    if (stored.bytes > this.#totalBytes) return;
    const others = this.#byKey.get(stored.key) ?? [];
    for (const one of others.slice(VARIANTS_MAX - 1)) this.remove(one);
    this.#byKey.set(stored.key, [stored, ...(this.#byKey.get(stored.key) ?? [])]);
    this.#all.add(stored);
    this.#bytes += stored.bytes;
    for (const one of this.#all) {
      if (this.#bytes <= this.#totalBytes) break;
      this.remove(one);
    }
  }

  remove(stored: Stored): void {
    if (!this.#all.delete(stored)) return;
    this.#bytes -= stored.bytes;
    const left = (this.#byKey.get(stored.key) ?? []).filter((one) => one !== stored);
    if (left.length > 0) this.#byKey.set(stored.key, left);
    else this.#byKey.delete(stored.key);
  }

  /** Whatever is kept of an address. */
  forget(key: string): void {
    for (const one of this.#byKey.get(key) ?? []) this.remove(one);
  }

  /** How many answers that were. */
  clear(): number {
    const count = this.#all.size;
    this.#all.clear();
    this.#byKey.clear();
    this.#bytes = 0;
    return count;
  }
}
