/** Conditional requests (RFC 9110 section 13) and ranges (section 14). Pure. */

/** What a request says of what its client has. */
export interface Conditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
  readonly ifRange: string | undefined;
  readonly range: string | undefined;
}

export interface Version {
  /** Quoted, with `W/` when it is weak. */
  readonly etag: string;
  /** Whole seconds since the epoch. */
  readonly modified: number;
}

/** RFC 9110 section 13.2.2: what to answer, before ranges are looked at. */
export function judge(conditions: Conditions, { etag, modified }: Version): 200 | 304 | 412 {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!names(ifMatch, etag, true)) return 412;
  } else if (ifUnmodifiedSince !== undefined) {
    const since = seconds(ifUnmodifiedSince);
    if (since !== undefined && modified > since) return 412;
  }
  if (ifNoneMatch !== undefined) return names(ifNoneMatch, etag, false) ? 304 : 200;
  if (ifModifiedSince === undefined) return 200;
  const since = seconds(ifModifiedSince);
  return since !== undefined && modified <= since ? 304 : 200;
}

/** Whether a list of entity tags has this one; `*` has all. Strong comparison: no weak tag is the same as another. */
function names(list: string, etag: string, strong: boolean): boolean {
  if (list.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  return (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) =>
    strong ? tag === etag && !tag.startsWith('W/') : tag.replace(/^W\//, '') === opaque,
  );
}

function seconds(date: string): number | undefined {
  // Only the forms of HTTP: Date.parse reads nearly anything.
  if (!/^[A-Z][a-z]+,? .*\d\d:\d\d:\d\d/.test(date)) return undefined;
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

/** Bytes from `start` up to `end`, which is not one of them. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The one range that is asked for; undefined: the whole. That is so also for several ranges, for a malformed field, and when
 * If-Range says that the client has another version.
 */
export function rangeOf(
  { range, ifRange }: Conditions,
  version: Version,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  if (range === undefined || (ifRange !== undefined && !isSame(ifRange, version))) return undefined;
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(range);
  const [, first = '', last = ''] = match ?? [];
  if (!match || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

/** RFC 9110 section 13.1.5: a strong tag, or exactly the date. */
function isSame(ifRange: string, { etag, modified }: Version): boolean {
  if (ifRange.startsWith('"')) return ifRange === etag;
  return !ifRange.startsWith('W/') && seconds(ifRange) === modified;
}
