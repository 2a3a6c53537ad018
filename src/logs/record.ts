/**
 * The record: one line of a log file, made for grep.
 *
 *     2026-11-23T12:34:08.123Z web.0 out listening on 3000
 *     2026-11-23T12:34:08.124Z web.0 err+ a line without an end, or longer than 64 KB …
 *
 * Time of reading (UTC, ms), instance, stream, text. A `+` after the stream says that the line goes on in the next record
 * of the same instance and stream. So the texts of one stream, each followed by a newline unless it is marked `+`, are
 * the very bytes that the app wrote.
 */

export type Stream = 'out' | 'err';

export interface LogRecord {
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly instance: string;
  readonly stream: Stream;
  /** The line goes on in the next record of this instance and stream. */
  readonly partial: boolean;
  /** Bytes that are not UTF-8 are replaced by U+FFFD here; on disk they are as the app wrote them. */
  readonly text: string;
}

/** The instance that Holdfast's own records name, such as the one about lines that were lost. */
export const OWN_INSTANCE = 'holdfast';

/** The longest text of a record, in bytes; what is longer goes on in the next record. */
export const MAX_TEXT_BYTES = 64 * 1024;

/** Length of an ISO 8601 time with milliseconds. */
export const TIME_LENGTH = 24;

/** What stands before the text, with the space between. */
export function recordHead(time: string, instance: string, stream: Stream, partial = false): string {
  return `${time} ${instance} ${stream}${partial ? '+' : ''} `;
}

/** A whole record with its newline. */
export function encodeRecord(record: LogRecord): string {
  return `${recordHead(record.time, record.instance, record.stream, record.partial)}${record.text}\n`;
}

/** What Holdfast itself says in a log, about the log. `now`: ms since the epoch. */
export function ownRecord(now: number, text: string): Buffer {
  const time = new Date(now).toISOString();
  return Buffer.from(encodeRecord({ time, instance: OWN_INSTANCE, stream: 'err', partial: false, text }));
}

export function countLines(records: Buffer): number {
  let count = 0;
  for (let at = records.indexOf(10); at !== -1; at = records.indexOf(10, at + 1)) count++;
  return count;
}

/** Reads a line of a log file, without its newline; undefined when it is not a record. */
export function parseRecord(line: Buffer): LogRecord | undefined {
  const content = line.toString('utf8');
  if (content[10] !== 'T' || content[23] !== 'Z' || content[24] !== ' ') return undefined;
  const afterInstance = content.indexOf(' ', 25);
  if (afterInstance === -1) return undefined;
  const streamAt = afterInstance + 1;
  const stream = content.startsWith('out', streamAt)
    ? 'out'
    : content.startsWith('err', streamAt)
      ? 'err'
      : undefined;
  if (stream === undefined) return undefined;
  const partial = content[streamAt + 3] === '+';
  const textAt = streamAt + (partial ? 4 : 3);
  if (content[textAt] !== ' ') return undefined;
  return {
    time: content.slice(0, TIME_LENGTH),
    instance: content.slice(25, afterInstance),
    stream,
    partial,
    text: content.slice(textAt + 1),
  };
}
