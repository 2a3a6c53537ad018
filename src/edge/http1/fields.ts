/** Field lines (RFC 9112 section 5), strictly: the same for requests, answers and trailers. */
import { COLON, CR, LF, SPACE, TAB, TOKEN, UNDERSCORE, VALUE } from './characters.ts';

/** What the edge does with a field; everything that it does not know is `plain` and passed on. */
export const Kind = {
  plain: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  /** For this hop only (RFC 9110 section 7.6.1): never passed on. */
  hop: 5,
  upgrade: 6,
  expect: 7,
  /** Says who the client is: the edge writes these itself. */
  forwarded: 8,
  /** Never passed on from a client. */
  banned: 9,
  acceptEncoding: 10,
  cookie: 11,
  contentType: 12,
  keepAlive: 13,
  webSocketKey: 14,
  webSocketVersion: 15,
  webSocketAccept: 16,
  accept: 17,
  /** CGI and its kin cannot tell `X_Forwarded_For` from `X-Forwarded-For`: not passed on from a client. */
  underscored: 18,
} as const;

export type Kind = (typeof Kind)[keyof typeof Kind];

/** As they are usually written, so that most comparisons need no other case. */
const known: readonly (readonly [name: string, kind: Kind])[] = [
  ['Host', Kind.host],
  ['Content-Length', Kind.contentLength],
  ['Transfer-Encoding', Kind.transferEncoding],
  ['Connection', Kind.connection],
  ['Keep-Alive', Kind.keepAlive],
  ['Proxy-Connection', Kind.hop],
  ['Proxy-Authorization', Kind.hop],
  ['Proxy-Authenticate', Kind.hop],
  ['TE', Kind.hop],
  ['Trailer', Kind.hop],
  ['HTTP2-Settings', Kind.hop],
  ['Upgrade', Kind.upgrade],
  ['Expect', Kind.expect],
  ['X-Forwarded-For', Kind.forwarded],
  ['X-Forwarded-Proto', Kind.forwarded],
  ['X-Forwarded-Host', Kind.forwarded],
  ['X-Forwarded-Port', Kind.forwarded],
  ['X-Forwarded-Server', Kind.forwarded],
  ['Forwarded', Kind.forwarded],
  ['X-Real-IP', Kind.forwarded],
  ['X-Holdfast-Client', Kind.banned],
  // Of a copy; see shaping/mirror.ts.
  ['X-Holdfast-Mirror', Kind.banned],
  // Of a certificate that the client has shown: the edge writes these itself.
  ['X-Client-Cert-Subject', Kind.banned],
  ['X-Client-Cert-Issuer', Kind.banned],
  ['X-Client-Cert-Serial', Kind.banned],
  ['X-Client-Cert-Fingerprint', Kind.banned],
  // CGI programs would find it as HTTP_PROXY ("httpoxy").
  ['Proxy', Kind.banned],
  ['Accept', Kind.accept],
  ['Accept-Encoding', Kind.acceptEncoding],
  ['Cookie', Kind.cookie],
  ['Content-Type', Kind.contentType],
  ['Sec-WebSocket-Key', Kind.webSocketKey],
  ['Sec-WebSocket-Version', Kind.webSocketVersion],
  ['Sec-WebSocket-Accept', Kind.webSocketAccept],
];

interface Known {
  readonly name: string;
  readonly lower: string;
  readonly kind: Kind;
}

/** The known names by length and first letter: nearly all other names are told apart without looking further. */
const shelves: (readonly Known[] | undefined)[] = Array.from({ length: 32 * 32 });
for (const [name, kind] of known) {
  const shelf = shelfOf(name);
  shelves[shelf] = [...(shelves[shelf] ?? []), { name, lower: name.toLowerCase(), kind }];
}

function shelfOf(name: string): number {
  return name.length * 32 + (name.charCodeAt(0) & 31);
}

/** The kind of a field by its name, in any case; `underscored` says whether there is a `_` in it. */
function kindOf(name: string, underscored: boolean): Kind {
  const candidates = shelves[shelfOf(name)];
  if (candidates) {
    for (const one of candidates) if (one.name === name) return one.kind;
    const lower = name.toLowerCase();
    for (const one of candidates) if (one.lower === lower) return one.kind;
  }
  return underscored ? Kind.underscored : Kind.plain;
}

/** Field lines in the order in which they came; the three lists run in parallel. */
export class Fields {
  readonly names: string[] = [];
  readonly values: string[] = [];
  readonly kinds: Kind[] = [];
  /** One bit for each kind that is there, and for each that is there more than once. */
  #present = 0;
  #repeated = 0;

  add(name: string, value: string, underscored: boolean): void {
    const kind = kindOf(name, underscored);
    const bit = 1 << kind;
    this.#repeated |= this.#present & bit;
    this.#present |= bit;
    this.names.push(name);
    this.values.push(value);
    this.kinds.push(kind);
  }

  has(kind: Kind): boolean {
    return (this.#present & (1 << kind)) !== 0;
  }

  /** There is exactly one field of this kind. */
  hasOne(kind: Kind): boolean {
    return this.has(kind) && (this.#repeated & (1 << kind)) === 0;
  }

  /** The value of the first field of a kind. */
  first(kind: Kind): string | undefined {
    return this.has(kind) ? this.values[this.kinds.indexOf(kind)] : undefined;
  }
}

/**
 * Reads the field lines of `text` (latin1) between `at` and `end`, where `end` is the place of the CRLF of the last
 * line. Returns why not when a line is not `token ":" value CRLF` or when there are more than `most`.
 */
export function parseFields(
  text: string,
  at: number,
  end: number,
  most: number,
): Fields | 'malformed' | 'many' {
  const fields = new Fields();
  let line = at;
  while (line < end) {
    let i = line;
    let underscored = false;
    for (let code = text.charCodeAt(i); TOKEN[code] === 1; code = text.charCodeAt(++i)) {
      if (code === UNDERSCORE) underscored = true;
    }
    if (i === line || text.charCodeAt(i) !== COLON) return 'malformed';
    const name = text.slice(line, i);
    do i++;
    while (text.charCodeAt(i) === SPACE || text.charCodeAt(i) === TAB);
    const start = i;
    while (VALUE[text.charCodeAt(i)] === 1) i++;
    if (text.charCodeAt(i) !== CR || text.charCodeAt(i + 1) !== LF) return 'malformed';
    let stop = i;
    while (stop > start && (text.charCodeAt(stop - 1) === SPACE || text.charCodeAt(stop - 1) === TAB)) stop--;
    if (fields.names.length === most) return 'many';
    fields.add(name, text.slice(start, stop), underscored);
    line = i + 2;
  }
  return fields;
}

/** The length that a Content-Length field says, or undefined when it is not one plain number (RFC 9110 section 8.6). */
export function parseLength(value: string): number | undefined {
  if (value.length === 0 || value.length > 16) return undefined;
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    length = length * 10 + digit;
  }
  // `005` is legal and means 5, but somebody could read it as octal.
  if (value.length > 1 && value.charCodeAt(0) === 48) return undefined;
  return Number.isSafeInteger(length) ? length : undefined;
}

const NONE: readonly string[] = [];
const KEEP_ALIVE: readonly string[] = ['keep-alive'];
const CLOSE: readonly string[] = ['close'];

/** The lower-case tokens of a list such as the value of Connection, or undefined when it is not a list of tokens. */
export function parseTokens(value: string): readonly string[] | undefined {
  if (value === 'keep-alive') return KEEP_ALIVE;
  if (value === 'close') return CLOSE;
  const tokens = [];
  for (const part of value.split(',')) {
    const token = part.trim().toLowerCase();
    if (token === '') continue;
    for (let i = 0; i < token.length; i++) if (TOKEN[token.charCodeAt(i)] !== 1) return undefined;
    tokens.push(token);
  }
  return tokens;
}

/**
 * Fields that belong to the two ends whatever Connection says: a client must not be able to take the app's cookie or
 * the edge's own X-Forwarded-For away by naming it there.
 */
const endToEnd =
  /^(?:accept|access-control|content|if|sec|x-client-cert|x-forwarded|x-holdfast)-|^(?:accept|authorization|cache-control|cookie|date|etag|expect|expires|forwarded|from|host|last-modified|location|origin|pragma|range|referer|server|set-cookie|transfer-encoding|upgrade|user-agent|vary|via|www-authenticate|x-real-ip)$/;

/** The names in a Connection field that are to be stripped: not options, not end-to-end fields. */
export function namedFields(tokens: readonly string[]): readonly string[] {
  if (tokens === KEEP_ALIVE || tokens === CLOSE) return NONE;
  return tokens.filter((token) => token !== 'close' && token !== 'keep-alive' && !endToEnd.test(token));
}
