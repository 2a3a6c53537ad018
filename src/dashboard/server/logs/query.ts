/** What is asked of a log, read from the address; and the cursor, which says where a page began. Pure. */
import { HoldfastError } from '../../../errors.ts';

export interface LogRequest {
  readonly app: string;
  /** Matched against the text; null = every line. */
  readonly pattern: { readonly source: string; readonly flags: string } | null;
  readonly instance: string | null;
  readonly stream: 'out' | 'err' | null;
  /** ms since the epoch. */
  readonly since: number | null;
  readonly until: number | null;
  /** Lines of the moment `until` that were shown already. */
  readonly skip: number;
  readonly limit: number;
  /** Where following begins; null = now. */
  readonly after: LogPlace | null;
}

/** A moment, and how many of its lines were shown already. */
export interface LogPlace {
  /** ms since the epoch. */
  readonly time: number;
  readonly skip: number;
}

const LIMIT = 500;
const LONGEST_QUERY = 500;

/** @throws HoldfastError BAD_REQUEST with what cannot be read */
export function readLogRequest(app: string, fields: URLSearchParams): LogRequest {
  const stream = fields.get('stream');
  if (stream !== null && stream !== 'out' && stream !== 'err')
    throw bad('stream', stream, 'is "out" or "err"');
  const before = fields.get('before');
  const cursor = before === null ? null : readCursor('before', before);
  const after = fields.get('after');
  const until = timeOf('until', fields.get('until'));
  const limit = Number(fields.get('limit') ?? 200);
  if (!Number.isInteger(limit) || limit < 1)
    throw bad('limit', String(fields.get('limit')), 'is a number from 1 to 500');
  return {
    app,
    pattern: readPattern(fields.get('query') ?? ''),
    instance: fields.get('instance') || null,
    stream,
    since: timeOf('since', fields.get('since')),
    until: cursor?.time ?? until,
    skip: cursor?.skip ?? 0,
    limit: Math.min(limit, LIMIT),
    after: after === null ? null : readCursor('after', after),
  };
}

/** Words that all must be in the line, in whatever case; or `/a regular expression/`, with `i` behind it for whatever case. */
function readPattern(query: string): LogRequest['pattern'] {
  const text = query.trim();
  if (text.length > LONGEST_QUERY) throw bad('query', `${text.slice(0, 20)}…`, 'has at most 500 characters');
  if (text === '') return null;
  const written = /^\/(.+)\/(i?)$/.exec(text);
  if (written?.[1]) {
    try {
      return { source: new RegExp(written[1]).source, flags: written[2] ?? '' };
    } catch {
      throw bad('query', text, 'is a regular expression between slashes, such as /time(out|d out)/i');
    }
  }
  const words = text.split(/\s+/).map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  const [only, ...others] = words;
  if (only !== undefined && others.length === 0) return { source: only, flags: 'i' };
  return { source: `^${words.map((word) => `(?=.*${word})`).join('')}`, flags: 'is' };
}

export function makeCursor(time: string, skip: number): string {
  return `${time}~${skip}`;
}

function readCursor(name: string, text: string): LogPlace {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)~(\d{1,6})$/.exec(text);
  const time = Date.parse(match?.[1] ?? '');
  if (!match || Number.isNaN(time)) throw bad(name, text, 'is the cursor of a page');
  return { time, skip: Number(match[2]) };
}

function timeOf(name: string, text: string | null): number | null {
  if (text === null || text === '') return null;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw bad(name, text, 'is a time such as 2026-03-01T12:00:00Z');
  return time;
}

function bad(name: string, value: string, should: string): HoldfastError {
  return new HoldfastError('BAD_REQUEST', `Cannot search by ${name} "${value}": it ${should}`);
}
