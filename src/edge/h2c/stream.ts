/** One request as a stream of a session to an app that speaks HTTP/2. */
import type { IncomingHttpHeaders } from 'node:http';
import { type ClientHttp2Stream, constants } from 'node:http2';
import type { Caller, Carriage } from '../carriage.ts';
import { wrongServer } from '../dial-failure.ts';
import { badAnswer, connectFailed, died, type Failure } from '../failure.ts';
import type { Client } from '../forwarded.ts';
import type { RequestWriter } from '../headers.ts';
import type { Fields } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { report } from '../wire.ts';
import { requestFields, responseHead, trailerFields } from './heads.ts';
import { guarded, type Session } from './session.ts';

const {
  NGHTTP2_NO_ERROR,
  NGHTTP2_CANCEL,
  NGHTTP2_REFUSED_STREAM,
  NGHTTP2_HTTP_1_1_REQUIRED,
  NGHTTP2_FLAG_END_STREAM,
} = constants;
/** Unwritten bytes above which the client has to wait. */
const CONGESTED_BYTES = 64 * 1024;
const INTERIM_MAX = 32;
const EMPTY = Buffer.alloc(0);

export class StreamCarriage implements Carriage {
  readonly reused: boolean;
  /** Undefined as soon as it wants to hear no more. */
  #caller: Caller | undefined;
  #session: Session;
  #stream: ClientHttp2Stream | undefined;
  #bodyless = false;
  #head: ResponseHead | undefined;
  #received = 0;
  #interims = 0;
  #trailers: Fields | undefined;
  #openedAt = 0;

  /** @param reused its session has been idle, and nothing has come on it since */
  constructor(session: Session, caller: Caller, reused: boolean) {
    this.#session = session;
    this.#caller = caller;
    this.reused = reused;
  }

  get congested(): boolean {
    return (this.#stream?.writableLength ?? 0) > CONGESTED_BYTES;
  }

  open(
    requests: RequestWriter,
    head: RequestHead,
    client: Client,
    identity: boolean,
    body: Buffer,
    done: boolean,
  ): void {
    if (head.webSocketKey !== '') {
      this.#failSoon(wrongServer('WebSockets are not carried to an app by HTTP/2'));
      return;
    }
    this.#bodyless = head.method === 'HEAD';
    // What the guest would read and remove is of HTTP/1.1.
    const text = requests.text(head, client, false, identity);
    const isAll = done && body.length === 0;
    const stream = this.#session.request(requestFields(text, head, this.#session.scheme), isAll);
    if (!stream) {
      this.#failSoon(connectFailed('the session has ended'));
      return;
    }
    this.#openedAt = this.#session.now;
    this.#stream = stream;
    this.#listen(stream);
    if (!isAll) this.send(body, 0, body.length, done);
  }

  send(buffer: Buffer, from: number, to: number, done: boolean): void {
    const stream = this.#stream;
    if (!stream || stream.destroyed || stream.writableEnded) return;
    // A copy: the buffer is somebody else's after this call.
    if (to > from) stream.write(Buffer.from(buffer.subarray(from, to)));
    if (done) stream.end();
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  release(complete: boolean): void {
    this.#caller = undefined;
    if (!complete) this.#reset();
    if (!this.#stream) this.#session.left(this);
  }

  abandon(): void {
    const isMute = this.#caller !== undefined && this.#stream !== undefined && !this.#head;
    this.release(false);
    if (isMute) this.#session.doubt(this.#openedAt);
  }

  /** Waits for another session to be usable. */
  moveTo(session: Session): void {
    this.#session = session;
    session.take(this);
  }

  #reset(): void {
    const stream = this.#stream;
    if (!stream) return;
    // Node ends the body before it resets the stream, and the app would take what it has for all of it.
    stream._final = (done) => done();
    stream.close(NGHTTP2_CANCEL);
  }

  /** Its session can be used now. */
  connected(): void {
    this.#caller?.onConnected();
  }

  /** Its session ends, whatever it does. */
  cut(cause: string): void {
    if (this.#head) this.fail(badAnswer(`the answer was cut off: ${cause}`));
    else this.fail(this.#stream ? died(cause) : connectFailed(cause));
  }

  fail(failure: Failure): void {
    const caller = this.#caller;
    this.release(false);
    caller?.onFailure(failure);
  }

  /** Who asks is told later, because nobody expects to be told now. */
  #failSoon(failure: Failure): void {
    process.nextTick(() => this.#guard(() => this.fail(failure)));
  }

  #listen(stream: ClientHttp2Stream): void {
    const on = <A extends unknown[]>(event: string, listener: (...args: A) => void) =>
      stream.on(event, (...args: unknown[]) => this.#guard(() => listener(...(args as A))));
    on('headers', (fields: IncomingHttpHeaders) => this.#interim(fields));
    on('response', (fields: IncomingHttpHeaders, flags: number) => {
      on('data', (bytes: Buffer) => this.#data(bytes));
      on('end', () => this.#end(stream.rstCode));
      this.#answer(fields, (flags & NGHTTP2_FLAG_END_STREAM) !== 0);
    });
    on('trailers', (fields: IncomingHttpHeaders) => {
      this.#trailers = trailerFields(fields);
    });
    on('drain', () => this.#caller?.onUpstreamDrain());
    on('close', () => this.#closed(stream));
    // What it means, the end says.
    stream.on('error', () => {});
  }

  #interim(fields: IncomingHttpHeaders): void {
    this.#session.heard();
    const head = responseHead(fields, true);
    if (typeof head === 'string') this.fail(badAnswer(head));
    else if (head.status === 101) this.fail(badAnswer('a 101 that nobody asked for'));
    else if (++this.#interims > INTERIM_MAX) this.fail(badAnswer('too many 1xx answers'));
    else this.#caller?.onInterim(head);
  }

  #answer(fields: IncomingHttpHeaders, done: boolean): void {
    this.#session.heard();
    const head = responseHead(fields, this.#bodyless, done);
    if (typeof head === 'string') {
      this.fail(badAnswer(head));
      return;
    }
    this.#head = head;
    const caller = this.#caller;
    if (done) this.#caller = undefined;
    caller?.onAnswer(head, EMPTY, 0, 0, done);
  }

  #data(bytes: Buffer): void {
    this.#session.heard();
    this.#received += bytes.length;
    this.#caller?.onAnswerBytes(bytes, 0, bytes.length, false);
  }

  #end(code: number | undefined): void {
    const { declaredLength = -1 } = this.#head ?? {};
    const isShort = !this.#bodyless && this.#head?.length !== 0 && this.#received < declaredLength;
    // Node ends what can be read also when the session breaks. A stream that the app has reset without naming an error
    // looks the same as a whole one; see `endUnsure`.
    if (isShort || (code ?? NGHTTP2_NO_ERROR) !== NGHTTP2_NO_ERROR) {
      this.fail(badAnswer('the answer was cut off'));
      return;
    }
    const caller = this.#caller;
    this.#caller = undefined;
    caller?.onAnswerBytes(EMPTY, 0, 0, true, this.#trailers);
  }

  #closed(stream: ClientHttp2Stream): void {
    this.#session.left(this);
    if (!this.#caller) return;
    const code = stream.rstCode ?? NGHTTP2_CANCEL;
    if (this.#session.refused(stream)) this.fail(connectFailed('the app takes no more requests here'));
    else if (code === NGHTTP2_REFUSED_STREAM) this.fail(connectFailed('the app refused the stream'));
    else if (code === NGHTTP2_HTTP_1_1_REQUIRED) this.fail(wrongServer('it asks for HTTP/1.1'));
    else if (this.#head) this.fail(badAnswer(`the answer was cut off: ${nameOf(code)}`));
    else this.fail(died(`the app ended the stream: ${nameOf(code)}`));
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      report(error);
      guarded(() => this.fail(badAnswer('it could not be passed on')));
    }
  }
}

/** By their numbers (RFC 9113 section 7). */
const CODES = (
  'NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR REFUSED_STREAM ' +
  'CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM INADEQUATE_SECURITY HTTP_1_1_REQUIRED'
).split(' ');

function nameOf(code: number): string {
  return CODES[code] ?? String(code);
}
