/** The head of a request: a strict subset of RFC 9112, or a refusal. Pure; never sees the body. */
import { TOKEN } from './characters.ts';
import { type Fields, Kind, namedFields, parseFields, parseLength, parseTokens } from './fields.ts';
import { isHost } from './host.ts';
import { canonicalTarget } from './path.ts';
import { type Refusal, refusal } from './refusal.ts';

/** Longest head, request line and final empty line included. */
export const REQUEST_HEAD_MAX = 16 * 1024;
export const REQUEST_FIELDS_MAX = 100;

/** `length` of a body whose end its chunks tell. */
export const CHUNKED = -1;

export interface RequestHead {
  readonly method: string;
  /** Canonical, with the query; `*` for OPTIONS on the whole server. What the app gets. */
  readonly target: string;
  /** Canonical, without the query; `/` for `*`. What routes match. */
  readonly path: string;
  readonly query: string;
  /** As the client wrote it, port included; empty for HTTP/1.0 without Host. */
  readonly host: string;
  /** The 1 or 0 of HTTP/1.1 and HTTP/1.0. */
  readonly minor: 0 | 1;
  readonly fields: Fields;
  /** Of the body in bytes, or CHUNKED. */
  readonly length: number;
  /** A body is announced, be it of 0 bytes. */
  readonly framed: boolean;
  /** The client would use this connection again. */
  readonly keepAlive: boolean;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  /** Lower-case names that Connection declares to be for this hop only. */
  readonly hopNames: readonly string[];
  /** The key of a valid WebSocket handshake (RFC 6455 section 4.2.1), else empty. */
  readonly webSocketKey: string;
}

/** Every method that the parser of Node knows, except CONNECT: what it does not know it would refuse anyway. */
const methods = new Set(
  (
    'ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS ' +
    'PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK ' +
    'UNSUBSCRIBE'
  ).split(' '),
);

const BAD_LINE = refusal(400, 'The request line is malformed');
const BAD_METHOD = refusal(400, 'The method is malformed');
const UNKNOWN_METHOD = refusal(501, 'This method is not known here');
const NO_CONNECT = refusal(405, 'CONNECT is not served here');
const BAD_VERSION = refusal(505, 'Only HTTP/1.1 and HTTP/1.0 are spoken here');
const BAD_TARGET = refusal(400, 'The request target is malformed or ambiguous');
const BAD_FIELD = refusal(400, 'A header field is malformed');
const MANY_FIELDS = refusal(431, `More than ${REQUEST_FIELDS_MAX} header fields`);
const BAD_HOST = refusal(400, 'There must be exactly one valid Host field');
const BAD_LENGTH = refusal(400, 'Content-Length must be one plain number');
const BAD_CODING = refusal(
  400,
  'Transfer-Encoding must be exactly chunked, once, with HTTP/1.1 and without Content-Length',
);
const BAD_CONNECTION = refusal(400, 'The Connection field is malformed');
const BAD_EXPECT = refusal(417, 'Only the expectation 100-continue is known here');

/**
 * Reads a head. `text` holds it as latin1 from its first byte; `end` is the place of the empty line's CRLF, that is
 * of the first `\r\n\r\n`.
 */
export function parseRequestHead(text: string, end: number): RequestHead | Refusal {
  const lineEnd = text.indexOf('\r\n');
  const methodEnd = text.indexOf(' ');
  if (methodEnd < 1 || methodEnd > lineEnd) return BAD_LINE;
  const method = text.slice(0, methodEnd);
  const targetEnd = text.indexOf(' ', methodEnd + 1);
  if (method !== 'GET' && !methods.has(method)) return refuseMethod(method);
  if (targetEnd < 0 || targetEnd > lineEnd) return BAD_LINE;
  const version = text.slice(targetEnd + 1, lineEnd);
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') {
    return /^HTTP\/[0-9]\.[0-9]$/.test(version) ? BAD_VERSION : BAD_LINE;
  }
  const fields = parseFields(text, lineEnd + 2, end, REQUEST_FIELDS_MAX);
  if (fields === 'malformed') return BAD_FIELD;
  if (fields === 'many') return MANY_FIELDS;
  return complete(method, text.slice(methodEnd + 1, targetEnd), version === 'HTTP/1.1' ? 1 : 0, fields);
}

function refuseMethod(method: string): Refusal {
  if (method === 'CONNECT') return NO_CONNECT;
  if (method === 'PRI') return BAD_VERSION;
  for (let i = 0; i < method.length; i++) if (TOKEN[method.charCodeAt(i)] !== 1) return BAD_METHOD;
  return method.length > 32 ? BAD_METHOD : UNKNOWN_METHOD;
}

function complete(method: string, raw: string, minor: 0 | 1, fields: Fields): RequestHead | Refusal {
  let host: string | undefined;
  let length = 0;
  let framed = false;
  let coded = false;
  let connection: readonly string[] | undefined;
  let upgrade: string | undefined;
  let expectsContinue = false;
  let key: string | undefined;
  let versioned = false;
  const { kinds, values } = fields;
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i];
    if (kind === Kind.plain) continue;
    const value = values[i] as string;
    switch (kind) {
      case Kind.host:
        if (host !== undefined || !isHost(value)) return BAD_HOST;
        host = value;
        break;
      case Kind.contentLength: {
        const parsed = parseLength(value);
        if (framed) return coded ? BAD_CODING : BAD_LENGTH;
        if (parsed === undefined) return BAD_LENGTH;
        length = parsed;
        framed = true;
        break;
      }
      case Kind.transferEncoding:
        if (framed || minor === 0 || value.toLowerCase() !== 'chunked') return BAD_CODING;
        length = CHUNKED;
        framed = coded = true;
        break;
      case Kind.connection: {
        const tokens = parseTokens(value);
        if (!tokens) return BAD_CONNECTION;
        connection = connection ? connection.concat(tokens) : tokens;
        break;
      }
      case Kind.upgrade:
        // Two fields are a list, and a list is not `websocket`.
        upgrade = upgrade === undefined ? value.toLowerCase() : 'list';
        break;
      case Kind.expect:
        if (value.toLowerCase() !== '100-continue') return BAD_EXPECT;
        expectsContinue = minor === 1;
        break;
      case Kind.webSocketKey:
        key = key === undefined && /^[A-Za-z0-9+/]{22}==$/.test(value) ? value : '';
        break;
      case Kind.webSocketVersion:
        versioned = true;
        break;
    }
  }
  if (host === undefined && minor === 1) return BAD_HOST;
  let authority = host ?? '';
  let origin = raw;
  if (raw.charCodeAt(0) !== 47 && raw !== '*') {
    const absolute = /^http:\/\/([^/?#]*)(.*)$/i.exec(raw);
    if (!absolute || !isHost(absolute[1] as string)) return BAD_TARGET;
    authority = absolute[1] as string;
    origin = absolute[2] as string;
    if (origin.charCodeAt(0) !== 47) origin = `/${origin}`;
  }
  if (raw === '*' && method !== 'OPTIONS') return BAD_TARGET;
  const target = raw === '*' ? { path: '/', query: '' } : canonicalTarget(origin);
  if (!target) return BAD_TARGET;
  const upgrades =
    upgrade === 'websocket' &&
    method === 'GET' &&
    minor === 1 &&
    versioned &&
    connection?.includes('upgrade');
  return {
    method,
    target: raw === '*' ? raw : target.path + target.query,
    path: target.path,
    query: target.query,
    host: authority,
    minor,
    fields,
    length,
    framed,
    keepAlive: minor === 1 ? !connection?.includes('close') : isKeptAlive(connection),
    expectsContinue: expectsContinue && length !== 0,
    hopNames: connection ? namedFields(connection) : NONE,
    webSocketKey: upgrades && !framed && key ? key : '',
  };
}

const NONE: readonly string[] = [];

function isKeptAlive(connection: readonly string[] | undefined): boolean {
  return connection?.includes('keep-alive') === true && !connection.includes('close');
}

/**
 * Looks at a head that is not complete yet and says early that it never will be a valid one: a line that ends in a
 * bare LF, a first byte that begins no method (such as of a TLS greeting), or too many bytes.
 */
export function refuseEarly(text: string): Refusal | undefined {
  if (TOKEN[text.charCodeAt(0)] !== 1 && text !== '\r') return BAD_LINE;
  if (/(?:^|[^\r])\n/.test(text)) return BAD_FIELD;
  if (text.length < REQUEST_HEAD_MAX) return undefined;
  return text.includes('\r\n') ? HEAD_TOO_LARGE : LINE_TOO_LONG;
}

const HEAD_TOO_LARGE = refusal(431, `The header fields are larger than ${REQUEST_HEAD_MAX} bytes`);
const LINE_TOO_LONG = refusal(414, `The request line is longer than ${REQUEST_HEAD_MAX} bytes`);
