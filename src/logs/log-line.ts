/** What the reader gives out, and which of it is wanted. */
import { parseRecord, type Stream } from './record.ts';
import { isAtLeast, type Level, parseStructured, type StructuredLine } from './structured.ts';

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
  /** What the line says, when it is JSON of a logger and somebody wants to know. */
  readonly structured?: StructuredLine;
}

export interface LineFilter {
  /** ms since the epoch. */
  readonly since?: number;
  /** ms since the epoch, included. */
  readonly until?: number;
  /** Matched against the text. */
  readonly grep?: RegExp;
  readonly stream?: Stream;
  /** Only these instances, such as `web.0`, or all of an app: `web`. */
  readonly instances?: readonly string[];
  /** Only as grave lines. One that says nothing of a level counts as `error` on stderr, as `info` on stdout. */
  readonly level?: Level;
  /** Of these apps, lines are read as JSON of a logger. */
  readonly structured?: (app: string) => boolean;
}

/** Reads a line of an app's file; undefined when it is not a record or not wanted. */
export type LineParser = (app: string, bytes: Buffer) => LogLine | undefined;

export function lineParser(filter: LineFilter): LineParser {
  const { stream, level } = filter;
  const since = sinceTime(filter);
  const until = untilTime(filter);
  const instances = filter.instances && new Set(filter.instances);
  // Without `g` and `y`, with which `test` would remember where it was.
  const grep = filter.grep && new RegExp(filter.grep.source, filter.grep.flags.replace(/[gy]/g, ''));
  return (app, bytes) => {
    const record = parseRecord(bytes);
    if (!record || record.time < since || record.time > until) return undefined;
    if (stream && record.stream !== stream) return undefined;
    if (instances && !instances.has(record.instance) && !instances.has(app)) return undefined;
    const text = record.text.endsWith('\r') ? record.text.slice(0, -1) : record.text;
    if (grep && !grep.test(text)) return undefined;
    const structured = level || filter.structured?.(app) ? parseStructured(text) : undefined;
    if (level && !isAtLeast(structured?.level ?? (record.stream === 'err' ? 'error' : 'info'), level))
      return undefined;
    const { time, instance, partial } = record;
    const line = { time, app, instance, stream: record.stream, text, partial };
    return structured ? { ...line, structured } : line;
  };
}

/** The oldest time that is wanted, comparable with the times of records. */
export function sinceTime(filter: LineFilter): string {
  return filter.since === undefined || filter.since <= 0 ? '' : new Date(filter.since).toISOString();
}

/** The newest time that is wanted, comparable with the times of records. */
export function untilTime(filter: LineFilter): string {
  return filter.until === undefined ? '~' : new Date(filter.until).toISOString();
}
