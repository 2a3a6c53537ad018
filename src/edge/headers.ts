/** Writes heads anew, from what was understood: nothing is passed on as it came. */
import type { Client } from './forwarded.ts';
import { type Fields, Kind } from './http1/fields.ts';
import { CHUNKED, type RequestFields } from './http1/request-fields.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { Framing, ResponseHead } from './http1/response-head.ts';

/**
 * Writes the heads of requests of one connection for apps. Remembers the last: with the same fields and the same client
 * only the request line is another one.
 */
export class RequestWriter {
  #said: RequestFields | undefined;
  #head: RequestHead | undefined;
  #client: Client | undefined;
  #method = '';
  #guest = false;
  #identity = false;
  #lines = '';

  /** `identity`: do not let the app compress the answer. */
  text(head: RequestHead, client: Client, guest: boolean, identity: boolean): string {
    const { said, method } = head;
    if (
      said !== this.#said ||
      !isAlike(head, this.#head) ||
      client !== this.#client ||
      method !== this.#method ||
      guest !== this.#guest ||
      identity !== this.#identity
    ) {
      this.#said = said;
      this.#head = head;
      this.#client = client;
      this.#method = method;
      this.#guest = guest;
      this.#identity = identity;
      this.#lines = fieldLines(head, client, guest, identity);
    }
    return `${method} ${head.target} HTTP/1.1\r\n${this.#lines}`;
  }
}

/** What the head says beyond what its fields said: of one that was written anew, or names its host in the request line. */
function isAlike(head: RequestHead, before: RequestHead | undefined): boolean {
  return (
    before !== undefined &&
    head.host === before.host &&
    head.fields === before.fields &&
    head.length === before.length &&
    head.framed === before.framed &&
    head.expectsContinue === before.expectsContinue &&
    head.webSocketKey === before.webSocketKey &&
    (head.hopNames === before.hopNames || isSameList(head.hopNames, before.hopNames))
  );
}

function isSameList(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, i) => name === others[i]);
}

function fieldLines(head: RequestHead, client: Client, guest: boolean, identity: boolean): string {
  let text = guest ? client.guestLine : '';
  text += `Host: ${head.host}\r\n`;
  const { names, values, kinds } = head.fields;
  const hopNames = head.hopNames.length > 0 ? head.hopNames : undefined;
  for (let i = 0; i < names.length; i++) {
    const kind = kinds[i];
    if (kind !== Kind.plain && !passes(kind, head, identity)) continue;
    const name = names[i] as string;
    if (hopNames?.includes(name.toLowerCase())) continue;
    text += `${name}: ${values[i]}\r\n`;
  }
  text += client.lines;
  if (head.webSocketKey !== '') return `${text}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  if (head.length === CHUNKED) return `${text}Transfer-Encoding: chunked\r\n\r\n`;
  return head.framed ? `${text}Content-Length: ${head.length}\r\n\r\n` : `${text}\r\n`;
}

function passes(kind: Kind | undefined, head: RequestHead, identity: boolean): boolean {
  switch (kind) {
    case Kind.cookie:
    case Kind.contentType:
    case Kind.accept:
    case Kind.webSocketKey:
    case Kind.webSocketVersion:
    case Kind.webSocketAccept:
      return true;
    case Kind.acceptEncoding:
      return !identity;
    case Kind.expect:
      return head.expectsContinue;
    default:
      return false;
  }
}

/** The head of an answer for the client. `extra`: more field lines. Remembers the last of a head that comes again. */
export function responseText(head: ResponseHead, framing: Framing, extra: string): string {
  if (!head.again) return answerText(head, framing, extra);
  let written = head.written;
  if (written?.framing !== framing || written.extra !== extra) {
    written = { framing, extra, text: answerText(head, framing, extra) };
    head.written = written;
  }
  return written.text;
}

function answerText(head: ResponseHead, framing: Framing, extra: string): string {
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n${fieldText(head.fields, head.hopNames)}`;
  // Of an answer to HEAD and of 304 it is what would have followed.
  if (head.declaredLength >= 0 && head.status !== 204 && framing !== 'chunked') {
    text += `Content-Length: ${head.declaredLength}\r\n`;
  } else if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
  // RFC 9110 section 15.5.22: an answer 426 has to say what to upgrade to.
  if (head.status === 426) return `${text}Connection: Upgrade\r\nUpgrade: websocket\r\n${extra}\r\n`;
  return `${text}${extra}\r\n`;
}

/** The head of a 1xx answer other than 101. */
export function interimText(head: ResponseHead): string {
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${fieldText(head.fields, head.hopNames)}\r\n`;
}

export function switchText(head: ResponseHead): string {
  return (
    `HTTP/1.1 101 ${head.reason}\r\n${fieldText(head.fields, head.hopNames)}` +
    'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  );
}

/** The field lines of an answer that are for the client. */
function fieldText(fields: Fields, hopNames: readonly string[]): string {
  let text = '';
  const { names, values, kinds } = fields;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    switch (kinds[i]) {
      case Kind.contentLength:
      case Kind.transferEncoding:
      case Kind.connection:
      case Kind.keepAlive:
      case Kind.hop:
      case Kind.upgrade:
        continue;
    }
    if (hopNames.length > 0 && hopNames.includes(name.toLowerCase())) continue;
    text += `${name}: ${values[i]}\r\n`;
  }
  return text;
}
