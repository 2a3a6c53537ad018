/** Reads header blocks (RFC 7541). Pure, but for the dynamic table that the blocks of one connection build together. */
import { decodeHuffman } from './huffman.ts';
import { staticTable, type TableEntry } from './static-table.ts';

/** What SETTINGS_HEADER_TABLE_SIZE is when nothing is said. */
export const TABLE_BYTES = 4096;
/** What an entry counts beside its name and its value (RFC 7541 section 4.1). */
const ENTRY_BYTES = 32;
const STATIC = staticTable.length;
/** Larger numbers mean nothing in a block that fits into memory. */
const NUMBER_MAX = 2 ** 28;

export class HpackDecoder {
  /** The newest last. */
  #entries: TableEntry[] = [];
  /** Entries before this one are not in the table any more. */
  #first = 0;
  #bytes = 0;
  #limit = TABLE_BYTES;
  /** Where the last number or text ended; -1 = it was none. */
  #at = 0;

  /**
   * Reads a whole block, `buffer[from, to)`, and gives its fields in order, names and values as latin1. Returns false when the
   * block is none: its connection cannot go on then, since nobody knows what the table is (section 2.2).
   */
  decode(buffer: Buffer, from: number, to: number, onField: (name: string, value: string) => void): boolean {
    let at = from;
    let begun = false;
    while (at < to) {
      const byte = buffer[at] as number;
      if (byte >= 0x80) {
        const entry = this.#entry(this.#number(buffer, at, to, 7));
        if (!entry) return false;
        onField(entry.name, entry.value);
        begun = true;
      } else if (byte >= 0x20 && byte < 0x40) {
        // Changes of its size come before the first field.
        const limit = this.#number(buffer, at, to, 5);
        if (begun || limit < 0 || limit > TABLE_BYTES) return false;
        this.#limit = limit;
        this.#evict(0);
      } else {
        const isKept = byte >= 0x40;
        const field = this.#literal(buffer, at, to, isKept ? 6 : 4);
        if (!field) return false;
        if (isKept) this.#add(field);
        onField(field.name, field.value);
        begun = true;
      }
      at = this.#at;
    }
    return true;
  }

  #literal(buffer: Buffer, at: number, to: number, bits: number): TableEntry | undefined {
    const index = this.#number(buffer, at, to, bits);
    if (index < 0) return undefined;
    const name = index === 0 ? this.#text(buffer, this.#at, to) : this.#entry(index)?.name;
    if (name === undefined) return undefined;
    const value = this.#text(buffer, this.#at, to);
    return value === undefined ? undefined : { name, value };
  }

  /** Section 5.1. -1 when it does not end, or is absurd. */
  #number(buffer: Buffer, start: number, to: number, bits: number): number {
    const mask = (1 << bits) - 1;
    let at = start;
    if (at >= to) return -1;
    let number = (buffer[at++] as number) & mask;
    if (number === mask) {
      let shift = 0;
      for (;;) {
        if (at >= to || shift > 21) return -1;
        const byte = buffer[at++] as number;
        number += (byte & 0x7f) << shift;
        shift += 7;
        if (byte < 0x80) break;
      }
    }
    this.#at = at;
    return number > NUMBER_MAX ? -1 : number;
  }

  /** Section 5.2. */
  #text(buffer: Buffer, at: number, to: number): string | undefined {
    if (at >= to) return undefined;
    const coded = (buffer[at] as number) >= 0x80;
    const length = this.#number(buffer, at, to, 7);
    const from = this.#at;
    if (length < 0 || length > to - from) return undefined;
    this.#at = from + length;
    if (coded) return decodeHuffman(buffer, from, this.#at);
    return buffer.toString('latin1', from, this.#at);
  }

  #entry(index: number): TableEntry | undefined {
    if (index < 1) return undefined;
    if (index <= STATIC) return staticTable[index - 1];
    const place = this.#entries.length - (index - STATIC);
    return place < this.#first ? undefined : this.#entries[place];
  }

  #add(entry: TableEntry): void {
    const size = entry.name.length + entry.value.length + ENTRY_BYTES;
    this.#evict(size);
    // One that is larger than the table only empties it (section 4.4).
    if (size > this.#limit) return;
    this.#entries.push(entry);
    this.#bytes += size;
  }

  /** Makes room for so many bytes. */
  #evict(needed: number): void {
    while (this.#bytes + needed > this.#limit && this.#first < this.#entries.length) {
      const { name, value } = this.#entries[this.#first++] as TableEntry;
      this.#bytes -= name.length + value.length + ENTRY_BYTES;
    }
    if (this.#first > 128 || this.#first === this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}
