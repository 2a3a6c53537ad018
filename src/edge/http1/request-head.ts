/** The head of a request: a strict subset of RFC 9112, or a refusal. Pure; never sees the body. */
import { TOKEN } from './characters.ts';
import type { Fields } from './fields.ts';
import { isHost } from './host.ts';
import { canonicalTarget } from './path.ts';
import { type Refusal, refusal } from './refusal.ts';
import { parseRequestFields, type RequestFields } from './request-fields.ts';

/** Longest head, request line and final empty line included. */
export const REQUEST_HEAD_MAX = 16 * 1024;

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
  /** What the fields say: the same object as of the request before when its fields were the same. */
  readonly said: RequestFields;
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
const BARE_LF = refusal(400, 'Lines must end in CRLF');
const HEAD_TOO_LARGE = refusal(431, `The header fields are larger than ${REQUEST_HEAD_MAX} bytes`);
const LINE_TOO_LONG = refusal(414, `The request line is longer than ${REQUEST_HEAD_MAX} bytes`);

/**
 * Reads a head. `text` holds it as latin1 from its first byte; `end` is the place of the empty line's CRLF, that is
 * of the first `\r\n\r\n`. `before` is what the fields of the last request on this connection said: clients send the
 * same ones again and again, and then they need not be read again.
 */
export function parseRequestHead(text: string, end: number, before?: RequestFields): RequestHead | Refusal {
  const lineEnd = text.indexOf('\r\n');
  const methodEnd = text.indexOf(' ');
  if (methodEnd < 1 || methodEnd > lineEnd) return BAD_LINE;
  const method = text.slice(0, methodEnd);
  const targetEnd = text.indexOf(' ', methodEnd + 1);
  if (method !== 'GET' && !methods.has(method)) return refuseMethod(method);
  if (targetEnd < 0 || targetEnd > lineEnd) return BAD_LINE;
  const version = text.slice(targetEnd + 1, lineEnd);
  const minor = version === 'HTTP/1.1' ? 1 : 0;
  if (minor === 0 && version !== 'HTTP/1.0') {
    return /^HTTP\/[0-9]\.[0-9]$/.test(version) ? BAD_VERSION : BAD_LINE;
  }
  const lines = text.slice(lineEnd + 2, end + 2);
  const same = before !== undefined && before.minor === minor && before.text === lines;
  const said = same ? before : parseRequestFields(lines, minor);
  return 'reason' in said ? said : complete(method, text.slice(methodEnd + 1, targetEnd), said);
}

/** Why a method is not served; undefined when it is. */
export function methodProblem(method: string): Refusal | undefined {
  return methods.has(method) ? undefined : refuseMethod(method);
}

function refuseMethod(method: string): Refusal {
  if (method === 'CONNECT') return NO_CONNECT;
  if (method === 'PRI') return BAD_VERSION;
  for (let i = 0; i < method.length; i++) if (TOKEN[method.charCodeAt(i)] !== 1) return BAD_METHOD;
  return method.length > 32 ? BAD_METHOD : UNKNOWN_METHOD;
}

function complete(method: string, raw: string, said: RequestFields): RequestHead | Refusal {
  let host = said.host ?? '';
  let origin = raw;
  if (raw.charCodeAt(0) !== 47 && raw !== '*') {
    const absolute = /^http:\/\/([^/?#]*)(.*)$/i.exec(raw);
    if (!absolute || !isHost(absolute[1] as string)) return BAD_TARGET;
    host = absolute[1] as string;
    origin = absolute[2] as string;
    if (origin.charCodeAt(0) !== 47) origin = `/${origin}`;
  }
  if (raw === '*' && method !== 'OPTIONS') return BAD_TARGET;
  const target = raw === '*' ? { path: '/', query: '' } : canonicalTarget(origin);
  if (!target) return BAD_TARGET;
  return {
    method,
    target: raw === '*' ? raw : target.path + target.query,
    path: target.path,
    query: target.query,
    host,
    minor: said.minor,
    fields: said.fields,
    length: said.length,
    framed: said.framed,
    keepAlive: said.keepAlive,
    expectsContinue: said.expectsContinue,
    hopNames: said.hopNames,
    webSocketKey: method === 'GET' ? said.webSocketKey : '',
    said,
  };
}

/**
 * Looks at a head that is not complete yet and says early that it never will be a valid one: a line that ends in a
 * bare LF, a first byte that begins no method (such as of a TLS greeting), or too many bytes.
 */
export function refuseEarly(text: string): Refusal | undefined {
  if (TOKEN[text.charCodeAt(0)] !== 1) return BAD_LINE;
  if (/(?:^|[^\r])\n/.test(text)) return BARE_LF;
  if (text.length < REQUEST_HEAD_MAX) return undefined;
  return text.includes('\r\n') ? HEAD_TOO_LARGE : LINE_TOO_LONG;
}
