/** One stream: a request, its answer, and what they may cost. */
import type { Answer, Answering, Channel, ClientSide } from '../client-side.ts';
import type { Edge } from '../edge.ts';
import type { Client } from '../forwarded.ts';
import { enter } from '../gate/entrance.ts';
import type { RequestWriter } from '../headers.ts';
import { Kind } from '../http1/fields.ts';
import { type Refusal, refusal } from '../http1/refusal.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { localPage } from '../local-answer.ts';
import { ownHead } from '../own-head.ts';
import type { Sweepable } from '../sweeper.ts';
import { openTunnel } from '../switching.ts';
import type { Target } from '../target.ts';
import type { Secured } from '../tls/secured.ts';
import type { SiteTraffic } from '../traffic.ts';
import type { Tunnel } from '../tunnel.ts';
import type { Upstream } from '../upstream.ts';
import { Code } from './codes.ts';
import { Gathered } from './gathered.ts';
import { acceptedBlock, responseBlock } from './response.ts';
import { Sender } from './sender.ts';
import type { Session } from './session.ts';
import { StreamAnswer } from './stream-answer.ts';
import { StreamSocket } from './stream-socket.ts';

/** What a client may send on a stream before it hears that there is more room. */
export const STREAM_BYTES = 256 * 1024;
/** Smaller pieces of a body wait for the rest of what can be read now. */
const SMALL_BYTES = 1024;
const NOTHING = Buffer.alloc(0);
const TOO_LARGE = refusal(413, 'The body is larger than this site takes');

export class Stream implements ClientSide, Channel, Sweepable {
  deadline = 0;
  readonly protocol = 'HTTP/2.0';
  readonly id: number;
  /** The client has sent END_STREAM. */
  remoteEnded: boolean;
  readonly sender: Sender;
  readonly #session: Session;
  #exchange: Answering | undefined;
  #socket: StreamSocket | undefined;
  #tunnel: Tunnel | undefined;
  /** It has asked for a WebSocket, and has no answer yet. */
  #switching = false;
  /** What came and is not passed on yet: too early, too small, or more than its receiver can take. */
  readonly #held = new Gathered();
  #closed = false;
  /** Of the body, as Content-Length says; below 0 = unsaid. */
  #expected = -1;
  #bodyBytes = 0;
  /** 0 = none. */
  #bodyLimit = 0;
  /** What the client may still send. */
  #room = STREAM_BYTES;
  /** Bytes that it has not been told of that there is room for them again. */
  #untold = 0;
  #paused = false;
  /** Behind what is held the client has ended the stream. */
  #endHeld = false;
  /** Its source was told to wait. */
  #stopped = false;
  #unwritten = 0;

  constructor(session: Session, id: number, window: number, remoteEnded: boolean) {
    this.#session = session;
    this.id = id;
    this.remoteEnded = remoteEnded;
    this.sender = new Sender(id, session.outlet, window, {
      onSent: () => this.drained(),
      onEnded: () => this.#settle(),
    });
  }

  // What the session says

  begin(head: RequestHead): void {
    const { edge } = this.#session;
    const switches = head.webSocketKey !== '';
    this.#switching = switches;
    let refusal: Refusal | undefined;
    if (switches) this.#expected = -1;
    else if (!this.remoteEnded) {
      this.#expected = head.length;
      this.#bodyLimit = edge.bodyLimit(head);
      if (this.#bodyLimit > 0 && head.length > this.#bodyLimit) refusal = TOO_LARGE;
    }
    const exchange = enter(this, head, this.remoteEnded || switches, refusal);
    this.#exchange = exchange;
    exchange.begin(NOTHING, 0, 0);
  }

  /** Answers what is no request that could be passed on. */
  refuse({ status, reason }: Refusal, head?: RequestHead): void {
    const { edge, ip } = this.#session;
    edge.refused(ip, status, reason, head);
    this.#say(status, reason, head, '');
  }

  /** Whether a frame of the body is within the window. */
  admits(bytes: number): boolean {
    this.#room -= bytes;
    return this.#room >= 0;
  }

  data(buffer: Buffer, from: number, to: number, endStream: boolean): void {
    if (endStream) this.remoteEnded = true;
    this.#untold += to - from;
    if (this.#isTooLong(to - from)) return;
    const small = to - from < SMALL_BYTES && !endStream;
    if (small || this.#waits || this.#held.length > 0) {
      this.#held.add(buffer, from, to);
      this.#session.holds(to - from);
      this.#endHeld = endStream;
      this.#session.gathers(this);
    } else this.#passOn(buffer, from, to);
    if (!this.#waits) this.#tell();
  }

  /** Bytes of a frame that were no data. */
  padded(bytes: number): void {
    this.#untold += bytes;
    if (!this.#waits) this.#tell();
  }

  /** Passes on what was held back, if it may go on. */
  flush(): void {
    if (this.#waits || this.#closed) return;
    if (this.#held.length === 0 && !this.#endHeld) return;
    const bytes = this.#takeHeld();
    this.#passOn(bytes, 0, bytes.length);
  }

  #takeHeld(): Buffer {
    const bytes = this.#held.take();
    if (bytes.length > 0) this.#session.holds(-bytes.length);
    return bytes;
  }

  get #waits(): boolean {
    return this.#paused || this.#switching;
  }

  #isTooLong(bytes: number): boolean {
    this.#bodyBytes += bytes;
    const expected = this.#expected;
    if (expected >= 0 && (this.remoteEnded ? this.#bodyBytes !== expected : this.#bodyBytes > expected)) {
      this.#session.fault(this.id, Code.protocolError, 'the body is not as long as content-length says');
      return true;
    }
    if (this.#bodyLimit === 0 || this.#bodyBytes <= this.#bodyLimit || !this.#exchange) return false;
    this.#exchange.refuse(TOO_LARGE);
    return true;
  }

  #passOn(buffer: Buffer, from: number, to: number): void {
    const ends = this.remoteEnded;
    this.#endHeld = false;
    if (!this.#socket) {
      if (to > from || ends) this.#exchange?.more(buffer, from, to, ends);
      return;
    }
    if (to > from) this.#socket.user.onBytes(buffer, from, to);
    if (!ends || this.#closed) return;
    this.#socket.user.onEnd();
    this.#settle();
  }

  /** Tells the client that there is room again for what came, if it has more. */
  #tell(): void {
    if (this.#closed || this.remoteEnded || this.#untold < STREAM_BYTES / 4) return;
    this.#session.tell(this.id, this.#untold);
    this.#room += this.#untold;
    this.#untold = 0;
  }

  /** What was written has gone out to the client. */
  drained(): void {
    if (!this.#stopped || this.congested) return;
    this.#stopped = false;
    if (this.#socket) this.#socket.user.onDrain();
    else this.#exchange?.clientDrained();
  }

  /** The stream is over, whoever has ended it. Returns whether its request was still to be answered. */
  dispose(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    this.sender.close();
    this.#takeHeld();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.deadline = 0;
    exchange?.abandon();
    this.#socket?.closed();
    return exchange !== undefined;
  }

  /** A WebSocket gets its close frame. Returns whether it is one. */
  closeTunnel(): boolean {
    this.#tunnel?.close();
    return this.#tunnel !== undefined;
  }

  expire(): void {
    if (this.#exchange) {
      this.#exchange.expire();
      return;
    }
    // The answer is done, and waits for the client to take it.
    const { unwritten } = this;
    if (unwritten === this.#unwritten) this.reset(Code.cancel);
    else this.#awaitReader();
  }

  #awaitReader(): void {
    const { edge } = this.#session;
    this.#unwritten = this.unwritten;
    this.deadline = edge.sweeper.now + edge.limits.upstreamTimeoutMs;
  }

  // What the exchange says

  get edge(): Edge {
    return this.#session.edge;
  }

  get ip(): string {
    return this.#session.ip;
  }

  get channel(): Channel {
    return this;
  }

  get requests(): RequestWriter {
    return this.#session.requests;
  }

  client(head: RequestHead): Client {
    return this.#session.client(head);
  }

  get secured(): Secured | undefined {
    return this.#session.wire.secured;
  }

  get congested(): boolean {
    const congested = this.sender.queued > 0 || this.#session.outlet.congested;
    if (congested) this.#stopped = true;
    return congested;
  }

  get unwritten(): number {
    // What others have to say is no sign of this one's progress.
    return this.sender.queued || this.#session.wire.unwritten;
  }

  pause(): void {
    this.#paused = true;
  }

  resumeReading(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#tell();
    // Not before whoever says so is ready to hear it.
    if (this.#held.length > 0 || this.#endHeld) queueMicrotask(() => this.guard(() => this.flush()));
  }

  watch(): void {
    this.#session.wire.watch();
  }

  guard(action: () => void): void {
    this.#session.wire.guard(action);
  }

  interim(_request: RequestHead, head: ResponseHead): void {
    this.sender.head(responseBlock(head, ''), false);
  }

  answer(_request: RequestHead, head: ResponseHead, _keep: boolean, extra: string): Answer {
    return new StreamAnswer(this.sender, head, extra);
  }

  finished(): void {
    this.#exchange = undefined;
    this.#takeHeld();
    this.#endHeld = false;
    this.#switching = false;
    this.deadline = 0;
    this.#session.budgets.answered();
    if (this.sender.ended) this.#settle();
    else this.#awaitReader();
  }

  answerLocally(
    status: number,
    message: string,
    head: RequestHead,
    _keep: boolean,
    extra: string,
    html?: string,
  ): void {
    this.#say(status, message, head, extra, html);
  }

  #say(status: number, message: string, head: RequestHead | undefined, extra: string, html?: string): void {
    const accept = head?.fields.first(Kind.accept) ?? '';
    const { type, body } = localPage({ status, message, accept, html });
    const bytes = Buffer.from(head?.method === 'HEAD' ? '' : body, 'latin1');
    const lines = [
      ['Date', new Date().toUTCString()],
      ['Content-Type', type],
      ['Cache-Control', 'no-store'],
    ] as const;
    const answer = new StreamAnswer(this.sender, ownHead(status, lines, body.length), extra);
    answer.write(bytes, 0, bytes.length, true);
    this.finished();
  }

  cutOff(): void {
    this.#exchange = undefined;
    this.reset(Code.internalError);
  }

  reset(code: Code): void {
    this.#session.reset(this.id, code);
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
    const { edge } = this.#session;
    const fromClient = Buffer.from(this.#takeHeld());
    this.#exchange = undefined;
    this.#switching = false;
    this.#endHeld = false;
    edge.sweeper.remove(this);
    this.sender.head(acceptedBlock(head), false);
    this.#socket = new StreamSocket(this, this.sender);
    const first = { fromApp: buffer.subarray(from, to), fromClient };
    this.#tunnel = openTunnel(edge, this.#socket, upstream, target, traffic, first, () => {});
    if (this.remoteEnded) this.#socket.user.onEnd();
    else this.#tell();
  }

  /** Both sides are done: nothing is left. Ours alone: the client may keep the rest of its request (RFC 9113 section 8.1). */
  #settle(): void {
    if (this.#closed || this.#exchange || !this.sender.ended) return;
    if (this.remoteEnded) this.#session.over(this.id);
    else if (!this.#socket) this.reset(Code.noError);
  }
}
