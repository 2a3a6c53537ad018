/** One connection to an app that speaks HTTP/1.1: carries one request at a time and reads its answer. */
import { sendChunk } from './answer.ts';
import type { Caller, Carriage } from './carriage.ts';
import type { Connections } from './connections.ts';
import { dialFailure } from './dial-failure.ts';
import type { Dialer } from './dialer.ts';
import { badAnswer, connectFailed, died } from './failure.ts';
import type { Client } from './forwarded.ts';
import type { RequestWriter } from './headers.ts';
import { type BodyReader, LengthReader, UntilCloseReader } from './http1/body.ts';
import { ChunkedReader } from './http1/chunked.ts';
import { CHUNKED } from './http1/request-fields.ts';
import type { RequestHead } from './http1/request-head.ts';
import { RESPONSE_HEAD_MAX, type ResponseHead, UNTIL_CLOSE } from './http1/response-head.ts';
import type { Sweepable } from './sweeper.ts';
import { Wire, type WireUser } from './wire.ts';

/** Most heads are smaller; the rest of a read is looked at only if this was not enough. */
const HEAD_GUESS = 2048;
const INTERIM_MAX = 32;
const EMPTY = Buffer.alloc(0);

export class Upstream implements WireUser, Sweepable, Carriage {
  deadline = 0;
  reused = false;
  readonly wire: Wire;
  /** How it was made. */
  readonly dialer: Dialer;
  readonly #connections: Connections;
  #connected = false;
  #caller: Caller | undefined;
  #bodyless = false;
  #switches = false;
  #chunked = false;
  #pending = '';
  #interims = 0;
  /** Writes for the present caller. */
  #sends = 0;
  /** The kernel did not take the first of them at once, and may have taken a part. */
  #partly = false;
  #answer: ResponseHead | undefined;
  #reader: BodyReader | undefined;
  /** Nothing after the answer must be there, or somebody is confused. */
  #tainted = false;

  /** @param preface what the connection begins with, as latin1 */
  constructor(connections: Connections, caller: Caller, preface: string) {
    this.#connections = connections;
    this.#caller = caller;
    this.dialer = connections.dialer;
    this.wire = Wire.connect(this.dialer, preface, this);
  }

  /** A pooled connection gets its next caller. */
  take(caller: Caller): void {
    this.#caller = caller;
    this.reused = true;
    this.deadline = 0;
  }

  open(
    requests: RequestWriter,
    head: RequestHead,
    client: Client,
    identity: boolean,
    body: Buffer,
    done: boolean,
  ): void {
    this.#sends = 0;
    this.#bodyless = head.method === 'HEAD';
    this.#switches = head.webSocketKey !== '';
    this.#chunked = head.length === CHUNKED;
    this.#write(
      requests.text(head, client, this.#connections.plan.guest, identity),
      body,
      0,
      body.length,
      done,
    );
  }

  send(buffer: Buffer, from: number, to: number, done: boolean): void {
    this.#write('', buffer, from, to, done);
  }

  #write(before: string, buffer: Buffer, from: number, to: number, done: boolean): void {
    this.#sends++;
    if (this.#chunked) sendChunk(this.wire, before, buffer, from, to, done);
    else this.wire.send(before, buffer, from, to, '');
    if (this.#sends === 1) this.#partly = this.wire.unwritten > 0;
  }

  get congested(): boolean {
    return this.wire.congested;
  }

  pause(): void {
    this.wire.pause();
  }

  resume(): void {
    this.wire.resume();
  }

  release(complete: boolean): void {
    const answer = this.#answer;
    this.#caller = undefined;
    this.#answer = undefined;
    this.#reader = undefined;
    this.#interims = 0;
    const isOver = !answer?.keepAlive || answer.length === UNTIL_CLOSE || this.#tainted;
    // What began with the address of one client is not for another.
    if (!complete || isOver || this.#connections.plan.proxyProtocol) this.wire.destroy();
    else this.#connections.keep(this, answer.keepAliveSeconds);
  }

  abandon(): void {
    this.#caller = undefined;
    // At once: until the socket says that it is closed, somebody could take it from the pool.
    this.#connections.forget(this);
    this.wire.destroy();
  }

  /** Ends whatever it does: the app is gone. */
  cut(): void {
    const caller = this.#caller;
    this.abandon();
    caller?.onFailure(this.#connected ? died('the instance is gone') : connectFailed('the instance is gone'));
  }

  expire(): void {
    this.abandon();
  }

  onConnect(): void {
    this.#connected = true;
    this.#connections.reached();
    this.#caller?.onConnected();
  }

  onBytes(buffer: Buffer, start: number, end: number): void {
    // Bytes that nobody asked for.
    if (!this.#caller) {
      this.abandon();
      return;
    }
    if (this.#reader) this.#body(this.#caller, this.#reader, buffer, start, end);
    else this.#head(this.#caller, buffer, start, end);
  }

  onDrain(): void {
    this.#caller?.onUpstreamDrain();
  }

  onEnd(): void {
    const caller = this.#caller;
    if (caller && this.#answer?.length === UNTIL_CLOSE) {
      caller.onAnswerBytes(EMPTY, 0, 0, true);
      return;
    }
    this.#lost('the app closed the connection');
  }

  onClose(error: NodeJS.ErrnoException | undefined): void {
    if (this.#connected) this.#lost(error?.code ?? 'the connection was closed');
    else this.#unreached(error);
  }

  #unreached(error: NodeJS.ErrnoException | undefined): void {
    const caller = this.#caller;
    const failure = dialFailure(error, this.dialer.isSecure);
    this.abandon();
    if (!caller) return;
    this.#connections.unreached(failure);
    caller.onFailure(failure);
  }

  #lost(cause: string): void {
    const caller = this.#caller;
    this.abandon();
    if (!caller) return;
    // EPIPE at once: the app was gone before any of the request could be handed over.
    const nothingSent = cause === 'EPIPE' && this.#sends === 1 && !this.#partly;
    if (!this.#connected || nothingSent) caller.onFailure(connectFailed(cause));
    else if (this.#answer || this.#pending !== '')
      caller.onFailure(badAnswer(`the answer was cut off: ${cause}`));
    else caller.onFailure(died(cause));
  }

  #head(caller: Caller, buffer: Buffer, start: number, end: number): void {
    let at = start;
    for (;;) {
      const before = this.#pending.length;
      let text = this.#pending + buffer.toString('latin1', at, Math.min(end, at + HEAD_GUESS));
      let headEnd = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
      if (headEnd < 0 && end > at + HEAD_GUESS) {
        text = this.#pending + buffer.toString('latin1', at, end);
        headEnd = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
      }
      if (headEnd < 0) {
        if (text.length > RESPONSE_HEAD_MAX) {
          this.#doubt(caller, 'the head of the answer is too large');
          return;
        }
        this.#pending = text;
        return;
      }
      this.#pending = '';
      at += headEnd + 4 - before;
      const head = this.#connections.answers.read(text, headEnd, this.#bodyless);
      if (typeof head === 'string') {
        this.#doubt(caller, head);
        return;
      }
      if (head.status >= 200) {
        this.#begin(caller, head, buffer, at, end);
        return;
      }
      if (head.declaredChunked || head.declaredLength > 0) {
        this.#doubt(caller, 'a 1xx answer with a body');
        return;
      }
      if (head.status === 101) {
        if (!this.#switches) {
          this.#doubt(caller, 'a 101 that nobody asked for');
          return;
        }
        caller.onSwitch(head, this, buffer, at, end);
        return;
      }
      if (++this.#interims > INTERIM_MAX) {
        this.#doubt(caller, 'too many 1xx answers');
        return;
      }
      caller.onInterim(head);
      if (this.#caller !== caller || at === end) return;
    }
  }

  #begin(caller: Caller, head: ResponseHead, buffer: Buffer, at: number, end: number): void {
    this.#answer = head;
    if (head.length === 0) {
      this.#tainted = end > at;
      caller.onAnswer(head, buffer, at, at, true);
      return;
    }
    const reader = readerOf(head.length);
    this.#reader = reader;
    if (!reader.feed(buffer, at, end)) {
      this.#doubt(caller, 'the chunked coding of the answer is malformed');
      return;
    }
    this.#tainted = reader.next < end;
    caller.onAnswer(head, buffer, reader.from, reader.to, reader.done);
  }

  #body(caller: Caller, reader: BodyReader, buffer: Buffer, start: number, end: number): void {
    if (!reader.feed(buffer, start, end)) {
      this.#doubt(caller, 'the chunked coding of the answer is malformed');
      return;
    }
    this.#tainted ||= reader.next < end;
    if (reader.to > reader.from || reader.done)
      caller.onAnswerBytes(buffer, reader.from, reader.to, reader.done);
  }

  #doubt(caller: Caller, cause: string): void {
    this.abandon();
    caller.onFailure(badAnswer(cause));
  }
}

function readerOf(length: number): BodyReader {
  if (length === CHUNKED) return new ChunkedReader();
  return length === UNTIL_CLOSE ? new UntilCloseReader() : new LengthReader(length);
}
