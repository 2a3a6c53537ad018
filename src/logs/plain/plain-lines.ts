/** From the records of one stream of an instance back to the lines that it wrote, in the style of a plain file. */
import type { LogFilesPlan } from '../../config/plan.ts';
import { type Stream, TIME_LENGTH } from '../record.ts';
import { formatTime } from './time-format.ts';

export interface PlainLinesOptions {
  readonly app: string;
  readonly slot: number;
  readonly stream: Stream;
  readonly plan: Pick<LogFilesPlan, 'style' | 'time'>;
  /** Nobody else writes to the file, so a line may be written piece by piece. */
  readonly alone: boolean;
}

const NEWLINE = 10;
const SPACE = 32;
const PLUS = 43;
/** A longer line is written in pieces, also where others may come in between. */
const MOST_HELD = 1024 * 1024;
const newline = Buffer.of(NEWLINE);

export class PlainLines {
  readonly #options: PlainLinesOptions;
  /** Pieces of the line that has not ended yet. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The file is in the middle of a line of ours. */
  #within = false;
  #stamped = { time: '', as: '' };

  constructor(options: PlainLinesOptions) {
    this.#options = options;
  }

  /** What goes to the file for these records, which must be of this stream. May be a view of them. */
  encode(records: Buffer): Buffer {
    return (this.#needsTime ? undefined : this.#withoutHeads(records)) ?? this.#lineByLine(records);
  }

  /** All lines at once, as `RecordEncoder` has made them; undefined when some are in pieces. */
  #withoutHeads(records: Buffer): Buffer | undefined {
    if (this.#held.length > 0 || records.length === 0) return undefined;
    const all = records.toString('latin1');
    const text = all.indexOf(' ', all.indexOf(' ', TIME_LENGTH + 1) + 1) + 1;
    const head = all.slice(0, text);
    if (head.endsWith('+ ') || all.includes(`\n${head.slice(0, -1)}+ `)) return undefined;
    this.#within = false;
    return Buffer.from(all.slice(text).replaceAll(`\n${head}`, '\n'), 'latin1');
  }

  #lineByLine(records: Buffer): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at < records.length; ) {
      const end = records.indexOf(NEWLINE, at);
      if (end === -1) break;
      const stream = records.indexOf(SPACE, at + TIME_LENGTH + 1) + 1;
      const partial = records[stream + 3] === PLUS;
      const text = records.subarray(stream + (partial ? 5 : 4), end);
      const time = this.#needsTime ? records.toString('latin1', at, at + TIME_LENGTH) : '';
      if (partial) this.#begin(text, time, parts);
      else this.#complete(text, time, parts);
      at = end + 1;
    }
    return parts.length === 1 ? (parts[0] ?? newline) : Buffer.concat(parts);
  }

  /** The line that has not ended, when nobody is going to end it here. */
  end(): Buffer {
    const parts: Buffer[] = [];
    if (this.#held.length > 0) this.#complete(Buffer.alloc(0), new Date().toISOString(), parts);
    return Buffer.concat(parts);
  }

  get #needsTime(): boolean {
    return this.#options.plan.time !== null || this.#options.plan.style === 'json';
  }

  #begin(text: Buffer, time: string, parts: Buffer[]): void {
    const { alone, plan } = this.#options;
    if (plan.style === 'raw' && (alone || this.#heldBytes + text.length > MOST_HELD)) {
      this.#prefix(time, parts);
      parts.push(...this.#held, text);
      this.#forget();
      this.#within = true;
      return;
    }
    this.#held.push(Buffer.from(text));
    this.#heldBytes += text.length;
    if (this.#heldBytes > MOST_HELD) this.#complete(Buffer.alloc(0), time, parts);
  }

  #complete(text: Buffer, time: string, parts: Buffer[]): void {
    if (this.#options.plan.style === 'json') {
      parts.push(this.#object(Buffer.concat([...this.#held, text]), time));
    } else {
      this.#prefix(time, parts);
      parts.push(...this.#held, text, newline);
    }
    this.#within = false;
    this.#forget();
  }

  #prefix(time: string, parts: Buffer[]): void {
    if (this.#options.plan.time !== null && !this.#within) parts.push(Buffer.from(`${this.#stamp(time)}: `));
  }

  /** As PM2 writes it with `log_type: 'json'`. */
  #object(text: Buffer, time: string): Buffer {
    const { app, slot, stream } = this.#options;
    const value = {
      message: `${text.toString('utf8')}\n`,
      timestamp: this.#stamp(time),
      type: stream,
      process_id: slot,
      app_name: app,
    };
    return Buffer.from(`${JSON.stringify(value)}\n`);
  }

  /** Many lines have the same time. */
  #stamp(time: string): string {
    if (this.#stamped.time !== time)
      this.#stamped = { time, as: formatTime(Date.parse(time), this.#options.plan.time ?? 'iso') };
    return this.#stamped.as;
  }

  #forget(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}
