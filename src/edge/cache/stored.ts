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
  const { status, given: all = head.fields } = head;
  const directives = parseDirectives(fieldList(all, 'cache-control'));
  const lines = keptLines(head, directives);
  const names = varyNames(all);
  if (!names) return undefined;
  const selection = selectionOf(names, request);
  const freshness = freshnessOf(all, directives, askedAt, receivedAt);
  if (fieldValue(head.fields, 'date') === undefined) lines.push(['Date', new Date(receivedAt).toUTCString()]);
  const lastModified = fieldValue(head.fields, 'last-modified') ?? '';
  const text = lines.reduce((sum, [name, value]) => sum + name.length + value.length + FIELD_BYTES, 0);
  return {
    key,
    told,
    names,
    selection,
    head: {
      ...ownHead(status, lines, body.length),
      reason: head.reason,
      again: true,
      ...(head.given && { given: head.given }),
    },
    body,
    directives,
    freshness,
    etag: fieldValue(head.fields, 'etag') ?? '',
    lastModified,
    modified: parseHttpDate(lastModified, receivedAt) ?? freshness.date,
    // The text as fields, as it was last written, and as the app said it.
    bytes:
      body.length +
      (head.given ? 3 : 2) * text +
      key.length +
      told.length +
      selection.length +
      OVERHEAD_BYTES,
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

export interface Freshened {
  readonly stored: Stored;
  /** As if the app had said all of it now, with what is for this client alone. */
  readonly head: ResponseHead;
}

/**
 * The answer as a 304 of the app makes it (RFC 9111 section 3.2). `undefined`: it is about another version, or about other requests,
 * so that nothing is known of this one.
 */
export function freshened(before: Stored, given: Omit<Given, 'body'>): Freshened | undefined {
  const { given: fields = given.head.fields } = given.head;
  const etag = fieldValue(fields, 'etag');
  if (etag !== undefined && before.etag !== '' && opaque(etag) !== opaque(before.etag)) return undefined;
  const vary = varyNames(fields);
  if (!vary?.every((name) => before.names.includes(name))) return undefined;
  const skipped = (name: string) => ofTheBytes.has(name) || (name === 'etag' && before.etag !== '');
  const old = before.head;
  const shown = merged(old.fields, given.head.fields, skipped);
  const isDressed = old.given !== undefined || given.head.given !== undefined;
  const head: ResponseHead = {
    ...given.head,
    status: old.status,
    reason: old.reason,
    fields: shown,
    ...(isDressed && { given: merged(old.given ?? old.fields, fields, skipped) }),
  };
  const made = stored({ ...given, key: before.key, told: before.told, head, body: before.body });
  return made && { stored: { ...made, selection: before.selection }, head };
}

function merged(before: Fields, news: Fields, skipped: (name: string) => boolean): Fields {
  const said = new Fields();
  copy(news, said, (name) => !skipped(name));
  const names = new Set(said.names.map((name) => name.toLowerCase()));
  const all = new Fields();
  copy(before, all, (name) => !names.has(name));
  copy(said, all, () => true);
  return all;
}

/** For the client who asked, and for nobody else: with its cookies. */
export function forOne({ stored, head }: Freshened): Stored {
  const fields = new Fields();
  copy(stored.head.fields, fields, () => true);
  copy(head.fields, fields, (name) => name === 'set-cookie');
  return { ...stored, head: { ...stored.head, fields, again: false, written: undefined } };
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
