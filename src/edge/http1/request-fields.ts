/** What the header fields of a request say, whatever its request line is: framing, host, connection, handshake. Pure. */
import { type Fields, Kind, namedFields, parseFields, parseLength, parseTokens } from './fields.ts';
import { isHost } from './host.ts';
import { type Refusal, refusal } from './refusal.ts';

export const REQUEST_FIELDS_MAX = 100;

/** `length` of a body whose end its chunks tell. */
export const CHUNKED = -1;

export interface RequestFields {
  /** As they came, to recognise the same ones again. */
  readonly text: string;
  /** The 1 or 0 of HTTP/1.1 and HTTP/1.0. */
  readonly minor: 0 | 1;
  readonly fields: Fields;
  /** Undefined only for HTTP/1.0. */
  readonly host: string | undefined;
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
  /** The key of a WebSocket handshake (RFC 6455 section 4.2.1) that is valid if its method is, else empty. */
  readonly webSocketKey: string;
}

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
const NONE: readonly string[] = [];

/** Reads the field lines of `text`, which holds nothing else, up to the CRLF of the last. */
export function parseRequestFields(text: string, minor: 0 | 1): RequestFields | Refusal {
  const fields = parseFields(text, 0, text.length, REQUEST_FIELDS_MAX);
  if (fields === 'malformed') return BAD_FIELD;
  if (fields === 'many') return MANY_FIELDS;
  const framing = readFraming(fields, minor);
  if ('reason' in framing) return framing;
  const connection = readConnection(fields);
  if (!connection) return BAD_CONNECTION;
  const host = fields.first(Kind.host);
  if (host === undefined ? minor === 1 : !fields.hasOne(Kind.host) || !isHost(host)) return BAD_HOST;
  const expect = fields.first(Kind.expect);
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return BAD_EXPECT;
  const close = connection.includes('close');
  return {
    text,
    minor,
    fields,
    host,
    length: framing.length,
    framed: framing.framed,
    keepAlive: !close && (minor === 1 || connection.includes('keep-alive')),
    expectsContinue: expect !== undefined && minor === 1 && framing.length !== 0,
    hopNames: namedFields(connection),
    webSocketKey:
      minor === 1 && !framing.framed && connection.includes('upgrade') ? handshakeKey(fields) : '',
  };
}

interface BodyFraming {
  readonly length: number;
  readonly framed: boolean;
}

const NO_BODY: BodyFraming = { length: 0, framed: false };

function readFraming(fields: Fields, minor: 0 | 1): BodyFraming | Refusal {
  const length = fields.first(Kind.contentLength);
  const coding = fields.first(Kind.transferEncoding);
  if (coding !== undefined) {
    const exact = minor === 1 && length === undefined && coding.toLowerCase() === 'chunked';
    return exact && fields.hasOne(Kind.transferEncoding) ? { length: CHUNKED, framed: true } : BAD_CODING;
  }
  if (length === undefined) return NO_BODY;
  const parsed = parseLength(length);
  if (parsed === undefined || !fields.hasOne(Kind.contentLength)) return BAD_LENGTH;
  return { length: parsed, framed: true };
}

/** The tokens of all Connection fields. */
function readConnection(fields: Fields): readonly string[] | undefined {
  if (!fields.has(Kind.connection)) return NONE;
  if (fields.hasOne(Kind.connection)) return parseTokens(fields.first(Kind.connection) as string);
  let all = NONE;
  for (let i = 0; i < fields.kinds.length; i++) {
    if (fields.kinds[i] !== Kind.connection) continue;
    const tokens = parseTokens(fields.values[i] as string);
    if (!tokens) return undefined;
    all = [...all, ...tokens];
  }
  return all;
}

/** The key, if the fields of a handshake are complete and each is there once. */
function handshakeKey(fields: Fields): string {
  const key = fields.first(Kind.webSocketKey) ?? '';
  const once = fields.hasOne(Kind.upgrade) && fields.hasOne(Kind.webSocketKey);
  const protocol = fields.first(Kind.upgrade)?.toLowerCase();
  const complete = once && protocol === 'websocket' && fields.has(Kind.webSocketVersion);
  return complete && /^[A-Za-z0-9+/]{22}==$/.test(key) ? key : '';
}
