/** One connection of a client: reads its requests, one after the other, and hands each to an Exchange. */

import { AnswerWriter } from './answer.ts';
import type { ClientConnection } from './client-connection.ts';
import { type Answer, type Answering, type ClientSide, READ_AHEAD_BYTES } from './client-side.ts';
import type { Edge } from './edge.ts';
import type { Client } from './forwarded.ts';
import { enter } from './gate/entrance.ts';
import { interimText, RequestWriter, switchText } from './headers.ts';
import { type BodyReader, LengthReader } from './http1/body.ts';
import { ChunkedReader } from './http1/chunked.ts';
import { Kind } from './http1/fields.ts';
import { type Refusal, refusal } from './http1/refusal.ts';
import { CHUNKED, type RequestFields } from './http1/request-fields.ts';
import { parseRequestHead, REQUEST_HEAD_MAX, type RequestHead, refuseEarly } from './http1/request-head.ts';
import type { ResponseHead } from './http1/response-head.ts';
import { PREFACE } from './http2/codes.ts';
import { localAnswer } from './local-answer.ts';
import { PeerOfWire } from './peer.ts';

import { openTunnel } from './switching.ts';
import type { Target } from './target.ts';
import type { SiteTraffic } from './traffic.ts';
import type { Tunnel } from './tunnel.ts';
import type { Upstream } from './upstream.ts';
import { type Accepted, Wire, type WireUser } from './wire.ts';

/** Most heads are smaller; the rest of a read is looked at only if this was not enough. */
const HEAD_GUESS = 2048;
/** Larger fields are not remembered. */
const REMEMBERED_MAX = 2048;
/** After the last answer: the time for the client to read it and to close, so that no RST destroys what is on its way. */
const LINGER_MS = 2_000;
/** An edge that drains closes a connection that has been idle for this long. */
const DRAIN_IDLE_MS = 1_000;

/** What looks like the head of a request. */
const PREFACE_HEAD = PREFACE.slice(0, 18);
const NOTHING = Buffer.alloc(0);
const BAD_CHUNK = refusal(400, 'The chunked coding of the body is malformed');
const TOO_LARGE = refusal(413, 'The body is larger than this site takes');
const SLOW_HEAD = refusal(408, 'The request did not come in time');

type State = 'idle' | 'head' | 'exchange' | 'lingering' | 'switched';

export class Connection implements WireUser, ClientConnection, ClientSide {
  deadline: number;
  readonly edge: Edge;
  readonly ip: string;
  readonly wire: Wire;
  #state: State = 'idle';
  readonly #peer: PeerOfWire;
  #requests: RequestWriter | undefined;
  /** What the fields of the last request said. */
  #said: RequestFields | undefined;
  /** No request has come yet. */
  #isFirst = true;
  /** The beginning of a head. */
  #pending = '';
  /** What came behind the request that is being answered. */
  #stash: Buffer | undefined;
  #pumping = false;
  #exchange: Answering | undefined;
  /** While the body of the request is not complete. */
  #reader: BodyReader | undefined;
  #bodyBytes = 0;
  /** Of the request that is being answered; 0 = none. */
  #bodyLimit = 0;
  /** What the kernel had not taken yet when the time was last up. */
  #unwritten = 0;
  #tunnel: Tunnel | undefined;

  constructor(edge: Edge, accepted: Accepted, ip: string) {
    this.edge = edge;
    this.ip = ip;
    this.deadline = edge.sweeper.now + edge.limits.headTimeoutMs;
    this.wire = Wire.accept(accepted, this);
    this.#peer = new PeerOfWire(this.wire, ip);
  }

  /** Accept nothing more than what has begun. */
  drain(final: boolean): void {
    if (final) this.#tunnel?.close();
    if (this.#state === 'idle') this.deadline = this.edge.sweeper.now + DRAIN_IDLE_MS;
  }

  /** The time is up: a WebSocket gets its close frame, anything else ends here. */
  cut(): void {
    if (this.#tunnel) this.#tunnel.close();
    else this.wire.destroy();
  }

  // What the socket says

  onBytes(buffer: Buffer, start: number, end: number): void {
    if (this.#state === 'idle' && this.wire.congested) this.#setAside(buffer, start, end);
    else if (this.#state === 'idle' || this.#state === 'head') this.#head(buffer, start, end);
    else if (this.#state === 'exchange') {
      if (this.#reader) this.#body(this.#reader, buffer, start, end);
      else this.#setAside(buffer, start, end);
    }
  }

  onDrain(): void {
    this.#exchange?.clientDrained();
    if (this.#state === 'idle' && this.#stash) this.#pump();
  }

  onEnd(): void {
    if (this.#state !== 'lingering') this.wire.destroy();
  }

  onConnect(): void {}

  onClose(): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.abandon();
    this.edge.forget(this);
  }

  expire(): void {
    if (this.#state === 'exchange') this.#exchange?.expire();
    else if (this.#state === 'head') this.#refuse(SLOW_HEAD);
    else if (this.#isReading()) this.deadline = this.edge.sweeper.now + this.edge.limits.upstreamTimeoutMs;
    else this.wire.destroy();
  }

  /** The client still takes, however slowly, what was written before it was to end. */
  #isReading(): boolean {
    const before = this.#unwritten;
    this.#unwritten = this.wire.unwritten;
    return this.#unwritten > 0 && this.#unwritten !== before;
  }

  // What the exchange says

  client(head: RequestHead): Client {
    return this.#peer.client(head, this.edge.trust);
  }

  get requests(): RequestWriter {
    this.#requests ??= new RequestWriter();
    return this.#requests;
  }

  get channel(): Wire {
    return this.wire;
  }

  resumeReading(): void {
    if (!this.#stash) this.wire.resume();
  }

  interim({ minor }: RequestHead, head: ResponseHead): void {
    if (minor === 1) this.wire.text(interimText(head));
  }

  answer(request: RequestHead, head: ResponseHead, keep: boolean, extra: string): Answer {
    return new AnswerWriter(this.wire, request, head, keep, extra);
  }

  finished(keep: boolean): void {
    this.#exchange = undefined;
    if (!keep) {
      this.#linger();
      return;
    }
    this.#state = 'idle';
    this.deadline =
      this.edge.sweeper.now + (this.edge.draining ? DRAIN_IDLE_MS : this.edge.limits.keepAliveMs);
    if (this.#stash) this.#pump();
  }

  answerLocally(
    status: number,
    message: string,
    head: RequestHead,
    keep: boolean,
    extra: string,
    html?: string,
  ): void {
    const accept = head.fields.first(Kind.accept) ?? '';
    const isHead = head.method === 'HEAD';
    this.wire.text(localAnswer({ status, message, accept, head: isHead, close: !keep, extra, html }));
    this.finished(keep);
  }

  cutOff(reset: boolean): void {
    this.#exchange = undefined;
    if (reset) this.wire.reset();
    else this.#linger();
  }

  switched(
    head: ResponseHead,
    upstream: Upstream,
    target: Target,
    traffic: SiteTraffic,
    buffer: Buffer,
    from: number,
    to: number,
  ): void {
    this.#exchange = undefined;
    this.#requests = undefined;
    this.#said = undefined;
    this.#state = 'switched';
    const stash = this.#stash;
    this.#stash = undefined;
    this.edge.sweeper.remove(this);
    this.wire.text(switchText(head));
    const first = { fromApp: buffer.subarray(from, to), fromClient: stash ?? NOTHING };
    this.#tunnel = openTunnel(this.edge, this.wire, upstream, target, traffic, first, () =>
      this.edge.forget(this),
    );
  }

  // Reading requests

  #head(buffer: Buffer, start: number, end: number): void {
    const before = this.#pending.length;
    let text = this.#pending + buffer.toString('latin1', start, Math.min(end, start + HEAD_GUESS));
    let headEnd = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (headEnd < 0 && end > start + HEAD_GUESS) {
      text = this.#pending + buffer.toString('latin1', start, Math.min(end, start + REQUEST_HEAD_MAX));
      headEnd = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    }
    if (this.#state === 'idle') {
      this.#state = 'head';
      this.deadline = this.edge.sweeper.now + this.edge.limits.headTimeoutMs;
    }
    if (headEnd < 0 || headEnd + 4 > REQUEST_HEAD_MAX) {
      const early = refuseEarly(text);
      if (early) {
        this.#refuse(early);
        return;
      }
      this.#pending = text;
      return;
    }
    this.#pending = '';
    if (this.#isHttp2(text)) {
      const rest = buffer.subarray(start + headEnd + 4 - before, end);
      this.#state = 'switched';
      this.edge.takeOver(this, Buffer.concat([Buffer.from(text.slice(0, headEnd + 4), 'latin1'), rest]));
      return;
    }
    this.#isFirst = false;
    const head = parseRequestHead(text, headEnd, this.#said);
    if ('reason' in head) {
      this.#refuse(head);
      return;
    }
    this.#said = head.said.text.length > REMEMBERED_MAX ? undefined : head.said;
    this.#request(head, buffer, start + headEnd + 4 - before, end);
  }

  /** By prior knowledge (RFC 9113 section 3.3): it begins with the preface. With TLS that is agreed on before. */
  #isHttp2(text: string): boolean {
    if (!text.startsWith(PREFACE_HEAD) || !this.#isFirst || this.wire.secured) return false;
    return this.edge.http2.cleartext;
  }

  #request(head: RequestHead, buffer: Buffer, start: number, end: number): void {
    let from = start;
    let to = start;
    let next = start;
    let done = true;
    if (head.length !== 0) {
      const limit = this.edge.bodyLimit(head);
      this.#bodyLimit = limit;
      if (limit > 0 && head.length > limit) {
        this.#turnAway(head, TOO_LARGE);
        return;
      }
      const reader = head.length === CHUNKED ? new ChunkedReader() : new LengthReader(head.length);
      // Before anything goes to the app: what came together with a head and is malformed must not reach it.
      if (!reader.feed(buffer, start, end)) {
        this.#refuse(BAD_CHUNK);
        return;
      }
      ({ from, to, next, done } = reader);
      this.#bodyBytes = to - from;
      if (limit > 0 && this.#bodyBytes > limit) {
        this.#turnAway(head, TOO_LARGE);
        return;
      }
      this.#reader = done ? undefined : reader;
    }
    this.#state = 'exchange';
    this.deadline = 0;
    if (next < end) this.#setAside(buffer, next, end);
    const exchange = enter(this, head, done);
    this.#exchange = exchange;
    exchange.begin(buffer, from, to);
  }

  /** What is wrong with it does not keep its site from answering, in its own way. */
  #turnAway(head: RequestHead, refusal: Refusal): void {
    this.#state = 'exchange';
    this.deadline = 0;
    const exchange = enter(this, head, false, refusal);
    this.#exchange = exchange;
    exchange.begin(NOTHING, 0, 0);
  }

  #body(reader: BodyReader, buffer: Buffer, start: number, end: number): void {
    if (!reader.feed(buffer, start, end)) {
      this.#exchange?.refuse(BAD_CHUNK);
      return;
    }
    this.#bodyBytes += reader.to - reader.from;
    if (this.#bodyLimit > 0 && this.#bodyBytes > this.#bodyLimit) {
      this.#exchange?.refuse(TOO_LARGE);
      return;
    }
    if (reader.done) this.#reader = undefined;
    if (reader.next < end) this.#setAside(buffer, reader.next, end);
    if (reader.to > reader.from || reader.done)
      this.#exchange?.more(buffer, reader.from, reader.to, reader.done);
  }

  /** Keeps a following request until its turn; with many more the client has to wait. */
  #setAside(buffer: Buffer, start: number, end: number): void {
    const bytes = Buffer.from(buffer.subarray(start, end));
    this.#stash = this.#stash ? Buffer.concat([this.#stash, bytes]) : bytes;
    if (this.#stash.length >= READ_AHEAD_BYTES) this.wire.pause();
  }

  /**
   * Takes up what was set aside, in a loop because answers of our own come at once; not while the client does not read
   * the answers that it has.
   */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#state === 'idle' && this.#stash && !this.wire.congested) {
      const stash = this.#stash;
      this.#stash = undefined;
      this.#head(stash, 0, stash.length);
    }
    this.#pumping = false;
    this.resumeReading();
  }

  /** Answers what is no request, and ends. */
  #refuse({ status, reason }: Refusal): void {
    this.edge.refused(this.ip, status, reason);
    this.wire.text(localAnswer({ status, message: reason, accept: '', head: false, close: true, extra: '' }));
    this.#linger();
  }

  #linger(): void {
    this.#state = 'lingering';
    this.#stash = undefined;
    this.#reader = undefined;
    this.#pending = '';
    this.deadline = this.edge.sweeper.now + LINGER_MS;
    this.wire.end();
    this.wire.resume();
  }
}
