/** The last lines of an instance, for crash records. Keeps bytes, and makes lines of them only when asked. */
import { parseRecord, type Stream } from './record.ts';

export interface OutputLine {
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly stream: Stream;
  readonly text: string;
}

const MAX_BYTES = 64 * 1024;

export class LastLines {
  #batches: Buffer[] = [];
  #bytes = 0;

  /** Takes a copy of the end of these records. */
  add(records: Buffer): void {
    const kept = records.length > MAX_BYTES ? records.subarray(records.length - MAX_BYTES) : records;
    this.#batches.push(Buffer.from(kept));
    this.#bytes += kept.length;
    for (
      let first = this.#batches[0];
      first && this.#bytes - first.length >= MAX_BYTES;
      first = this.#batches[0]
    ) {
      this.#batches.shift();
      this.#bytes -= first.length;
    }
  }

  /** Oldest first; of lines that were cut, each piece is one. */
  lines(max: number): OutputLine[] {
    const all = Buffer.concat(this.#batches);
    const found: OutputLine[] = [];
    for (let end = all.length - 1; end > 0 && found.length < max; ) {
      const start = all.lastIndexOf(10, end - 1) + 1;
      const record = parseRecord(all.subarray(start, end));
      if (record)
        found.push({ time: record.time, stream: record.stream, text: record.text.replace(/\r$/, '') });
      end = start - 1;
    }
    return found.reverse();
  }
}
