/** The head of an app's answer, read as strictly as a request's: what is in doubt is not passed on. Pure. */
import { SPACE, VALUE } from './characters.ts';
import { type Fields, Kind, namedFields, parseFields, parseLength, parseTokens } from './fields.ts';
import { CHUNKED } from './request-fields.ts';

/** Longest head of an answer; larger than a request's, because apps may set many cookies. */
export const RESPONSE_HEAD_MAX = 64 * 1024;
export const RESPONSE_FIELDS_MAX = 500;

/** `length` of a body that ends with the connection. */
export const UNTIL_CLOSE = -2;

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly minor: 0 | 1;
  readonly fields: Fields;
  /** What the app said, if the site wants clients to get other fields: a cache goes by that. */
  readonly given?: Fields;
  /** Of the body that follows: bytes, CHUNKED or UNTIL_CLOSE; 0 when this answer has none. */
  readonly length: number;
  /** What Content-Length says, which for HEAD and 304 is not what follows; -1 when there is none. */
  readonly declaredLength: number;
  readonly declaredChunked: boolean;
  /**
   * That the body has ended does not say that it is whole: nobody has said its length, and of a stream of HTTP/2 node:http2
   * does not tell whether the app has ended it (END_STREAM) or reset it without an error (RST_STREAM with NO_ERROR).
   */
  readonly endUnsure?: boolean;
  /** The app would use this connection again. */
  readonly keepAlive: boolean;
  /** Seconds that the app keeps an idle connection, if it says so (`Keep-Alive: timeout=5`), else 0. */
  readonly keepAliveSeconds: number;
  readonly hopNames: readonly string[];
  /** Connection names `upgrade`. */
  readonly upgrade: boolean;
  /** An app has given the very same head more than once. */
  again: boolean;
  /** What was made of it for a client, if it came again. */
  written: { readonly framing: Framing; readonly extra: string; readonly text: string } | undefined;
}

/** How a client finds the end of an answer's body. */
export type Framing = 'none' | 'length' | 'chunked' | 'close';

/** Larger heads are not remembered. */
const REMEMBERED_MAX = 2048;

/**
 * Reads heads of one app. Remembers the last: many answers of the same second have the same head, and then it need not
 * be read and written again.
 */
export class ResponseHeadReader {
  #text = '';
  #bodyless = false;
  #head: ResponseHead | undefined;

  /** See parseResponseHead. */
  read(text: string, end: number, bodyless: boolean): ResponseHead | string {
    const own = text.slice(0, end + 2);
    if (this.#head && this.#bodyless === bodyless && this.#text === own) {
      this.#head.again = true;
      return this.#head;
    }
    const head = parseResponseHead(text, end, bodyless);
    if (typeof head === 'object' && end < REMEMBERED_MAX) {
      this.#head = head;
      this.#text = own;
      this.#bodyless = bodyless;
    }
    return head;
  }
}

/**
 * Reads a head: `text` is latin1 and begins with it, `end` is the place of the first `\r\n\r\n`, `bodyless` says that
 * the request was a HEAD. Returns what is wrong with it, in words.
 */
export function parseResponseHead(text: string, end: number, bodyless: boolean): ResponseHead | string {
  const lineEnd = text.indexOf('\r\n');
  const minor = text.startsWith('HTTP/1.1 ') ? 1 : 0;
  if (minor === 0 && !text.startsWith('HTTP/1.0 ')) return 'the status line is malformed';
  const status = parseStatus(text);
  // The space is missing when a server has no reason to give.
  if (status < 100 || (lineEnd !== 12 && text.charCodeAt(12) !== SPACE))
    return 'the status line is malformed';
  for (let i = 13; i < lineEnd; i++) {
    if (VALUE[text.charCodeAt(i)] !== 1) return 'the status line is malformed';
  }
  const fields = parseFields(text, lineEnd + 2, end, RESPONSE_FIELDS_MAX);
  if (fields === 'malformed') return 'a header field is malformed';
  if (fields === 'many') return `there are more than ${RESPONSE_FIELDS_MAX} header fields`;
  return complete(status, text.slice(13, lineEnd), minor, fields, bodyless);
}

/** The three digits behind the version, or 0. */
function parseStatus(text: string): number {
  let status = 0;
  for (let i = 9; i < 12; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return 0;
    status = status * 10 + digit;
  }
  return status;
}

function complete(status: number, reason: string, minor: 0 | 1, fields: Fields, bodyless: boolean) {
  let declaredLength = -1;
  let declaredChunked = false;
  let connection: readonly string[] | undefined;
  let keepAliveSeconds = 0;
  const { kinds, values } = fields;
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i];
    if (kind === Kind.plain) continue;
    const value = values[i] as string;
    switch (kind) {
      case Kind.contentLength: {
        const length = parseLength(value);
        if (length === undefined || declaredLength >= 0) return 'Content-Length is not one plain number';
        declaredLength = length;
        break;
      }
      case Kind.transferEncoding:
        if (declaredChunked || minor === 0 || value.toLowerCase() !== 'chunked') {
          return 'Transfer-Encoding is not exactly chunked';
        }
        declaredChunked = true;
        break;
      case Kind.connection: {
        const tokens = parseTokens(value);
        if (!tokens) return 'the Connection field is malformed';
        connection = connection ? connection.concat(tokens) : tokens;
        break;
      }
      case Kind.keepAlive:
        keepAliveSeconds = parseTimeout(value);
        break;
    }
  }
  if (declaredChunked && declaredLength >= 0)
    return 'Transfer-Encoding and Content-Length contradict each other';
  const empty = bodyless || status === 204 || status === 304 || status < 200;
  return {
    status,
    reason,
    minor,
    fields,
    length: empty ? 0 : declaredChunked ? CHUNKED : declaredLength >= 0 ? declaredLength : UNTIL_CLOSE,
    declaredLength,
    declaredChunked,
    keepAlive: connection === undefined ? minor === 1 : isKept(connection, minor),
    keepAliveSeconds,
    hopNames: connection === undefined ? NONE : namedFields(connection),
    upgrade: connection?.includes('upgrade') ?? false,
    again: false,
    written: undefined,
  } satisfies ResponseHead;
}

let lastValue = '';
let lastTimeout = 0;

/** The `timeout` of a Keep-Alive field; remembers the last, because a server always says the same. */
function parseTimeout(value: string): number {
  if (value === lastValue) return lastTimeout;
  lastTimeout = Number(/(?:^|[ ,])timeout=([0-9]{1,6})(?:$|[ ,])/.exec(value)?.[1] ?? 0);
  lastValue = value;
  return lastTimeout;
}

const NONE: readonly string[] = [];

function isKept(connection: readonly string[], minor: 0 | 1): boolean {
  return !connection.includes('close') && (minor === 1 || connection.includes('keep-alive'));
}
