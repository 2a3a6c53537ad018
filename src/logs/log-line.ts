/** What the reader gives out, and which of it is wanted. */
import { parseRecord, type Stream } from './record.ts';

export interface LogLine {
  /** When Holdfast read it: ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly app: string;
  /** Such as `web.0`; `holdfast` for what Holdfast itself says about this log. */
  readonly instance: string;
  readonly stream: Stream;
  /** Without line end. What is not UTF-8 is replaced by U+FFFD. */
  readonly text: string;
  /** The line goes on in the next one of this instance and stream. */
  readonly partial: boolean;
}

export interface LineFilter {
  /** ms since the epoch. */
  readonly since?: number;
  /** Matched against the text. */
  readonly grep?: RegExp;
  readonly stream?: Stream;
  /** Only these instances, such as `web.0`. */
  readonly instances?: readonly string[];
}

/** Reads a line of an app's file; undefined when it is not a record or not wanted. */
export type LineParser = (app: string, bytes: Buffer) => LogLine | undefined;

export function lineParser(filter: LineFilter): LineParser {
  const { stream, instances } = filter;
  const since = sinceTime(filter);
  // Without `g` and `y`, with which `test` would remember where it was.
  const grep = filter.grep && new RegExp(filter.grep.source, filter.grep.flags.replace(/[gy]/g, ''));
  return (app, bytes) => {
    const record = parseRecord(bytes);
    if (!record || record.time < since) return undefined;
    if (stream && record.stream !== stream) return undefined;
    if (instances && !instances.includes(record.instance)) return undefined;
    const text = record.text.endsWith('\r') ? record.text.slice(0, -1) : record.text;
    if (grep && !grep.test(text)) return undefined;
    return {
      time: record.time,
      app,
      instance: record.instance,
      stream: record.stream,
      text,
      partial: record.partial,
    };
  };
}

/** The oldest time that is wanted, comparable with the times of records. */
export function sinceTime(filter: LineFilter): string {
  return filter.since === undefined || filter.since <= 0 ? '' : new Date(filter.since).toISOString();
}
