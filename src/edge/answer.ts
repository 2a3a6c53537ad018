/** Writes one answer of an app to the client, in the framing that the client can read. */
import type { Answer } from './client-side.ts';
import { responseText } from './headers.ts';
import type { Fields } from './http1/fields.ts';
import { CHUNKED } from './http1/request-fields.ts';
import type { RequestHead } from './http1/request-head.ts';
import { type Framing, type ResponseHead, UNTIL_CLOSE } from './http1/response-head.ts';
import { takesTrailers, trailerLines } from './http1/trailers.ts';

/** What bytes can be written to; see Wire. */
export interface Sink {
  send(before: string, buffer: Buffer, start: number, end: number, after: string): void;
}

export class AnswerWriter implements Answer {
  readonly status: number;
  /** Of the body, as the client gets it. */
  bytes = 0;
  readonly #sink: Sink;
  readonly #framing: Framing;
  readonly #chunks: boolean;
  readonly #request: RequestHead;
  /** The head, until it goes out together with the first bytes. */
  #head: string;

  /** `keep`: the client may use the connection again if the framing allows it. `extra`: more field lines. */
  constructor(sink: Sink, request: RequestHead, head: ResponseHead, keep: boolean, extra: string) {
    this.status = head.status;
    this.#sink = sink;
    this.#request = request;
    this.#framing = framingFor(request, head);
    this.#chunks = this.#framing === 'chunked' && request.method !== 'HEAD';
    let connection = '';
    if (!keep || this.endsByClose) connection = 'Connection: close\r\n';
    else if (request.minor === 0) connection = 'Connection: keep-alive\r\n';
    this.#head = responseText(head, this.#framing, extra + connection);
  }

  /** The end of the connection is the end of the body: if the body breaks off, only an RST can tell. */
  get endsByClose(): boolean {
    return this.#framing === 'close';
  }

  write(buffer: Buffer, from: number, to: number, done: boolean, trailers?: Fields): void {
    const head = this.#head;
    this.#head = '';
    this.bytes += to - from;
    const lines = trailers && takesTrailers(this.#request) ? trailerLines(trailers) : '';
    if (this.#chunks) sendChunk(this.#sink, head, buffer, from, to, done, lines);
    else this.#sink.send(head, buffer, from, to, '');
  }
}

function framingFor({ method, minor }: RequestHead, head: ResponseHead): Framing {
  if (method === 'HEAD') return head.declaredChunked && minor === 1 ? 'chunked' : 'none';
  if (head.length === CHUNKED || head.length === UNTIL_CLOSE) return minor === 1 ? 'chunked' : 'close';
  return head.length > 0 ? 'length' : 'none';
}

/**
 * Writes bytes as one chunk, `before` in front of it, and the end of the body behind it if that is `done`. `trailers`: lines
 * for that end.
 */
export function sendChunk(
  sink: Sink,
  before: string,
  buffer: Buffer,
  from: number,
  to: number,
  done: boolean,
  trailers = '',
): void {
  const end = done ? `0\r\n${trailers}\r\n` : '';
  if (to === from) sink.send(before + end, buffer, from, from, '');
  else sink.send(`${before}${(to - from).toString(16)}\r\n`, buffer, from, to, `\r\n${end}`);
}
