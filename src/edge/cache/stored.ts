/** An answer that is kept, and what is kept of it. Pure. */
import { fieldList, fieldValue } from '../http1/field-value.ts';
import { Fields, Kind } from '../http1/fields.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { ownHead } from '../own-head.ts';
import { type Directives, parseDirectives } from './directives.ts';
import { type Freshness, freshnessOf } from './freshness.ts';
import { parseHttpDate } from './http-date.ts';
import { selectionOf, varyNames } from './vary.ts';

export interface Stored {
  readonly key: string;
  /** What the app was told of the address besides; see Asked. */
  readonly told: string;
  /** Fields of requests that it depends on, and what they said. */
  readonly names: readonly string[];
  readonly selection: string;
  /** With the length of the body, and without its age. */
  readonly head: ResponseHead;
  readonly body: Buffer;
  readonly directives: Directives;
  readonly freshness: Freshness;
  /** Empty: none. */
  readonly etag: string;
  readonly lastModified: string;
  /** Of Last-Modified in ms since the epoch; without it, of its date. */
  readonly modified: number;
  /** What it takes in memory. */
  readonly bytes: number;
}

/** An answer and the request for it. */
export interface Given {
  readonly key: string;
  readonly told: string;
  readonly request: Fields;
  readonly head: ResponseHead;
  readonly body: Buffer;
  /** In ms since the epoch. */
  readonly askedAt: number;
  readonly receivedAt: number;
}

/** Of an object with a few dozen properties and its places in the maps. */
const OVERHEAD_BYTES = 1024;
/** Of the places of a field in three arrays. */
const FIELD_BYTES = 48;

/** `undefined`: it may go to no other request, because it depends on more than can be known (`Vary: *`). */
export function stored(given: Given): Stored | undefined {
  const { key, told, request, head, body, askedAt, receivedAt } = given;
  const { status, fields: all } = head;
  const directives = parseDirectives(fieldList(all, 'cache-control'));
  const lines = keptLines(head, directives);
  const names = varyNames(all);
  if (!names) return undefined;
  const selection = selectionOf(names, request);
  const freshness = freshnessOf(all, directives, askedAt, receivedAt);
  if (fieldValue(all, 'date') === undefined) lines.push(['Date', new Date(receivedAt).toUTCString()]);
  const lastModified = fieldValue(all, 'last-modified') ?? '';
  const text = lines.reduce((sum, [name, value]) => sum + name.length + value.length + FIELD_BYTES, 0);
  return {
    key,
    told,
    names,
    selection,
    head: { ...ownHead(status, lines, body.length), reason: head.reason, again: true },
    body,
    directives,
    freshness,
    etag: fieldValue(all, 'etag') ?? '',
    lastModified,
    modified: parseHttpDate(lastModified, receivedAt) ?? freshness.date,
    // Twice the text: as fields, and as it was last written.
    bytes: body.length + 2 * text + key.length + told.length + selection.length + OVERHEAD_BYTES,
  };
}

/** Of one client or of one connection, or said anew by whoever answers. */
const never = new Set(['age', 'set-cookie', 'set-cookie2', 'x-request-id']);
const hop = new Set<Kind>([
  Kind.contentLength,
  Kind.transferEncoding,
  Kind.connection,
  Kind.keepAlive,
  Kind.hop,
  Kind.upgrade,
]);

type Line = [name: string, value: string];

/** RFC 9111 section 3.1. */
function keptLines({ fields, hopNames }: ResponseHead, directives: Directives): Line[] {
  const { names, values, kinds } = fields;
  const secret = [directives.private, directives.noCache].flatMap((one) =>
    typeof one === 'object' ? one : [],
  );
  const lines: Line[] = [];
  names.forEach((name, i) => {
    const lower = name.toLowerCase();
    if (hop.has(kinds[i] as Kind) || never.has(lower)) return;
    if (hopNames.includes(lower) || secret.includes(lower)) return;
    lines.push([name, values[i] as string]);
  });
  return lines;
}

/** What a 304 says nothing of: the bytes that are here. */
const ofTheBytes = new Set([
  'content-length',
  'content-encoding',
  'content-range',
  'transfer-encoding',
  'vary',
]);

/**
 * The answer as a 304 of the app makes it (RFC 9111 section 3.2). `undefined`: it is about another version, or about other requests,
 * so that nothing is known of this one.
 */
export function freshened(before: Stored, given: Omit<Given, 'body'>): Stored | undefined {
  const { fields } = given.head;
  const etag = fieldValue(fields, 'etag');
  if (etag !== undefined && before.etag !== '' && opaque(etag) !== opaque(before.etag)) return undefined;
  const vary = varyNames(fields);
  if (!vary?.every((name) => before.names.includes(name))) return undefined;
  const skipped = (name: string) => ofTheBytes.has(name) || (name === 'etag' && before.etag !== '');
  const said = new Fields();
  copy(fields, said, (name) => !skipped(name));
  const news = new Set(said.names.map((name) => name.toLowerCase()));
  const merged = new Fields();
  copy(before.head.fields, merged, (name) => !news.has(name));
  copy(said, merged, () => true);
  const head = { ...given.head, status: before.head.status, reason: before.head.reason, fields: merged };
  const made = stored({ ...given, key: before.key, told: before.told, head, body: before.body });
  return made && { ...made, selection: before.selection };
}

function copy(from: Fields, to: Fields, wanted: (name: string) => boolean): void {
  from.names.forEach((name, i) => {
    if (wanted(name.toLowerCase())) to.add(name, from.values[i] as string, false);
  });
}

/** Weak comparison (RFC 9110 section 8.8.3.2): the edge itself weakens the tag of what it compresses. */
function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}
