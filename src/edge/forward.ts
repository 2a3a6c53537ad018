/**
 * One request on its way: finds a target, sends, repeats what may be repeated, and passes the answer on. The bytes of
 * both sides run through here; what they mean was decided by the parsers.
 */
import type { Edge } from './edge.ts';
import { answerTimedOut, connectTimedOut, type Failure, mayRepeat } from './failure.ts';
import type { Client } from './forwarded.ts';
import { type Framing, interimText, requestText, responseText, switchText } from './headers.ts';
import type { Waiter } from './hold.ts';
import { Kind } from './http1/fields.ts';
import type { Refusal } from './http1/refusal.ts';
import { CHUNKED, type RequestHead } from './http1/request-head.ts';
import { type ResponseHead, UNTIL_CLOSE } from './http1/response-head.ts';
import type { Ask, Pool } from './pool.ts';
import {
  cookieValue,
  engineSession,
  HANDSHAKE_LOOK,
  readCookie,
  sessionInAnswer,
  setCookie,
} from './sticky.ts';
import type { Target } from './target.ts';
import type { SiteTraffic } from './traffic.ts';
import type { Caller, Upstream } from './upstream.ts';
import { isSwitch } from './websocket.ts';
import type { Wire } from './wire.ts';

/** A longer silence to a connection attempt is an answer too. */
const CONNECT_MS = 5_000;
const EMPTY = Buffer.alloc(0);

/** What a request needs of the connection that it came on. */
export interface ClientSide {
  readonly wire: Wire;
  readonly edge: Edge;
  readonly ip: string;
  /** Of the exchange, in the sweeper's time; 0 = none. */
  deadline: number;
  client(head: RequestHead): Client;
  /** Reads on, after the exchange had paused the wire. */
  resumeReading(): void;
  /** The answer is written. `keep`: the connection may carry another request. */
  finished(keep: boolean): void;
  /** Answers in the edge's own words and finishes. */
  answerLocally(status: number, message: string, head: RequestHead, keep: boolean, extra: string): void;
  /** The answer broke off: the client must see that. `reset`: only an RST can tell. */
  cutOff(reset: boolean): void;
  /** The connection is a WebSocket now. */
  switched(
    upstream: Upstream,
    target: Target,
    traffic: SiteTraffic,
    buffer: Buffer,
    from: number,
    to: number,
  ): void;
}

type Phase = 'begun' | 'waiting' | 'connecting' | 'sent' | 'answering' | 'done';

export class Exchange implements Caller, Waiter {
  readonly #side: ClientSide;
  readonly #head: RequestHead;
  readonly #client: Client;
  #phase: Phase = 'begun';
  /** The whole request has been read from the client. */
  #requestDone: boolean;
  #pool: Pool | undefined;
  #traffic: SiteTraffic | undefined;
  #ask: Ask | undefined;
  #target: Target | undefined;
  #upstream: Upstream | undefined;
  /** What of the body came before there was a connection to send it on. */
  #kept: Buffer | undefined;
  #bodySent = false;
  #tried: Target[] = NONE;
  /** The next connection must be a new one, to this target. */
  #again: Target | undefined;
  #lastFailure: Failure | undefined;
  /** End of the time that it may wait for a target, once it has waited. */
  #holdUntil = 0;
  #framing: Framing = 'none';
  #keepClient = false;
  #stream = false;
  /** Beginning of the answer to an Engine.IO handshake. */
  #look: string | undefined;
  #status = 0;
  #bytes = 0;
  readonly #startedAt: number;

  constructor(side: ClientSide, head: RequestHead, requestDone: boolean) {
    this.#side = side;
    this.#head = head;
    this.#client = side.client(head);
    this.#requestDone = requestDone;
    this.#startedAt = side.edge.accessLog ? performance.now() : 0;
  }

  /** Takes the request up, with the part of its body that came with the head. */
  begin(buffer: Buffer, from: number, to: number): void {
    const { edge } = this.#side;
    const site = edge.site(this.#head.host);
    if (!site) {
      this.#unknownHost();
      return;
    }
    this.#traffic = edge.traffic.of(site.host);
    this.#traffic.requests++;
    this.#traffic.openRequests++;
    const pool = site.match(this.#head.path);
    if (!pool) {
      this.#answer(404, 'There is nothing at this address');
      return;
    }
    this.#pool = pool;
    this.#ask = this.#question(pool);
    this.#attempt(buffer, from, to);
  }

  /** Takes more of the request's body. */
  more(buffer: Buffer, from: number, to: number, done: boolean): void {
    this.#requestDone = done;
    if (this.#phase !== 'sent' && this.#phase !== 'answering') {
      this.#keep(buffer, from, to);
      if (!done) this.#side.wire.pause();
      return;
    }
    this.#sendBody('', buffer, from, to);
  }

  /** The client sent something that cannot be part of its request, or too much, or nothing for too long. */
  refuse(refusal: Refusal): void {
    if (this.#phase === 'answering') {
      this.#cutOff();
      return;
    }
    this.#leave();
    this.#answer(refusal.status, refusal.reason, false);
  }

  /** The client has left. */
  abandon(): void {
    if (this.#phase === 'done') return;
    this.#leave();
    this.#end(499, 'client left');
  }

  expire(): void {
    switch (this.#phase) {
      case 'waiting':
        this.#unserved();
        return;
      case 'connecting':
        this.#dropUpstream(connectTimedOut());
        return;
      case 'sent':
        if (!this.#requestDone) {
          this.refuse({ status: 408, reason: 'The rest of the request did not come in time' });
          return;
        }
        this.#dropUpstream(answerTimedOut());
        return;
      case 'answering':
        this.#dropUpstream(answerTimedOut());
        return;
    }
  }

  /** A place was found, or may have been: look again. */
  wake(): void {
    if (this.#phase !== 'waiting') return;
    this.#phase = 'begun';
    this.#tried = NONE;
    const pool = this.#side.edge.site(this.#head.host)?.match(this.#head.path);
    if (!pool) {
      this.#answer(404, 'There is nothing at this address any more');
      return;
    }
    this.#pool = pool;
    this.#attempt(EMPTY, 0, 0);
  }

  clientDrained(): void {
    if (this.#phase !== 'answering') return;
    this.#upstream?.wire.resume();
    this.#side.deadline = this.#stream ? 0 : this.#in(this.#side.edge.limits.upstreamTimeoutMs);
  }

  // What the upstream connection says

  onConnected(): void {
    this.#send(EMPTY, 0, 0);
    if (!this.#requestDone && !this.#upstream?.wire.congested) this.#side.resumeReading();
  }

  onInterim(head: ResponseHead): void {
    if (this.#head.minor === 1) this.#side.wire.text(interimText(head));
    this.#side.deadline = this.#in(this.#side.edge.limits.upstreamTimeoutMs);
  }

  onAnswer(head: ResponseHead, buffer: Buffer, from: number, to: number, done: boolean): void {
    const side = this.#side;
    const request = this.#head;
    this.#phase = 'answering';
    this.#status = head.status;
    this.#framing = this.#framingOf(head);
    // A client that waits with its body for a 100 that never came may begin another request instead.
    const undecided = request.expectsContinue && !this.#bodySent && !this.#requestDone;
    this.#keepClient = request.keepAlive && this.#framing !== 'close' && !undecided && !side.edge.draining;
    this.#stream = head.fields.first(Kind.contentType)?.startsWith('text/event-stream') ?? false;
    let extra = this.#stickyCookie();
    if (!this.#keepClient) extra += 'Connection: close\r\n';
    else if (request.minor === 0) extra += 'Connection: keep-alive\r\n';
    this.#answerBytes(responseText(head, this.#framing, extra), buffer, from, to, done);
  }

  onAnswerBytes(buffer: Buffer, from: number, to: number, done: boolean): void {
    this.#answerBytes('', buffer, from, to, done);
  }

  onSwitch(head: ResponseHead, buffer: Buffer, from: number, to: number): void {
    const { edge, wire } = this.#side;
    const upstream = this.#upstream as Upstream;
    if (!isSwitch(head, this.#head.webSocketKey)) {
      upstream.abandon();
      this.onFailure({
        source: 'upstream',
        retryable: 'never',
        status: 502,
        cause: 'not a valid 101',
      });
      return;
    }
    const target = this.#target as Target;
    const traffic = this.#traffic as SiteTraffic;
    wire.text(switchText(head));
    this.#upstream = undefined;
    edge.leave(target);
    this.#end(101, target.id);
    this.#side.switched(upstream, target, traffic, buffer, from, to);
  }

  onUpstreamDrain(): void {
    if (!this.#requestDone) this.#side.resumeReading();
    this.#expectProgress();
  }

  onFailure(failure: Failure): void {
    const target = this.#target as Target;
    const reused = this.#upstream?.reused ?? false;
    this.#upstream = undefined;
    this.#target = undefined;
    if (failure.retryable === 'always') target.refused();
    this.#side.edge.leave(target);
    this.#lastFailure = failure;
    if (this.#phase === 'answering') {
      this.#cutOff();
      return;
    }
    if (!mayRepeat(failure, this.#head.method, this.#bodySent)) {
      this.#failed(failure);
      return;
    }
    // An idle connection that died says nothing about its target.
    if (reused && failure.retryable === 'if-safe') this.#again = target;
    else this.#tried = [...this.#tried, target];
    this.#attempt(EMPTY, 0, 0);
  }

  // Finding a place

  #question(pool: Pool): Ask {
    const { query, webSocketKey, fields } = this.#head;
    const { sticky } = pool.plan;
    const session = sticky === 'auto' && query !== '' ? engineSession(query) : undefined;
    // A handshake by polling, whose answer will tell the session's id.
    if (session === '' && webSocketKey === '') this.#look = '';
    let cookie = '';
    if (sticky === 'cookie') {
      const index = fields.kinds.indexOf(Kind.cookie);
      if (index >= 0) cookie = readCookie(fields.values[index] as string, pool.cookieName) ?? '';
    }
    return { webSocket: webSocketKey !== '', ip: this.#client.ip, session: session ?? '', cookie };
  }

  #attempt(buffer: Buffer, from: number, to: number): void {
    const { edge } = this.#side;
    const pool = this.#pool as Pool;
    const fresh = this.#again?.state === 'ready' ? this.#again : undefined;
    this.#again = undefined;
    const target = fresh ?? pool.pick(this.#ask as Ask, this.#tried, edge.sweeper.now);
    if (!target) {
      this.#keep(buffer, from, to);
      this.#hold(pool);
      return;
    }
    this.#target = target;
    target.requests++;
    const idle = fresh ? undefined : target.takeIdle(this);
    if (idle) {
      this.#upstream = idle;
      this.#send(buffer, from, to);
      return;
    }
    this.#keep(buffer, from, to);
    this.#phase = 'connecting';
    this.#side.deadline = this.#in(CONNECT_MS);
    this.#upstream = target.connect(this);
  }

  /** No target now. Waits for one, if what happened so far allows it. */
  #hold(pool: Pool): void {
    const { sweeper } = this.#side.edge;
    const { timeoutMs, maxWaiting } = pool.plan.hold;
    const failure = this.#lastFailure;
    if (failure && failure.retryable !== 'always') {
      this.#failed(failure);
      return;
    }
    if (this.#holdUntil === 0) this.#holdUntil = sweeper.now + timeoutMs;
    if (timeoutMs === 0 || pool.waiting.size >= maxWaiting) {
      this.#unserved();
      return;
    }
    this.#phase = 'waiting';
    this.#side.deadline = this.#holdUntil;
    pool.waiting.add(this);
  }

  /** The time to wait is over, or there is no room to wait in. */
  #unserved(): void {
    this.#leave();
    const failure = this.#lastFailure;
    if (failure) {
      this.#failed(failure);
      return;
    }
    this.#answer(503, 'The app is not ready', this.#requestDone, 'Retry-After: 1\r\n');
  }

  #failed(failure: Failure): void {
    this.#leave();
    const message =
      failure.status === 504 ? 'The app did not answer in time' : 'The app did not answer properly';
    this.#answer(failure.status, message, this.#requestDone);
  }

  #dropUpstream(failure: Failure): void {
    this.#upstream?.abandon();
    this.onFailure(failure);
  }

  #unknownHost(): void {
    const { unknownHost, empty } = this.#side.edge;
    if (empty) {
      this.#answer(404, 'Holdfast is here and waits for its first site');
      return;
    }
    this.#answer(unknownHost, 'No site of this name is served here');
  }

  // Sending the request

  #keep(buffer: Buffer, from: number, to: number): void {
    if (from === to) return;
    const piece = Buffer.from(buffer.subarray(from, to));
    this.#kept = this.#kept ? Buffer.concat([this.#kept, piece]) : piece;
  }

  #send(buffer: Buffer, from: number, to: number): void {
    const head = this.#head;
    const upstream = this.#upstream as Upstream;
    const text = requestText(head, this.#client, (this.#target as Target).guest, this.#look !== undefined);
    this.#phase = 'sent';
    upstream.expect(head.method === 'HEAD', head.webSocketKey !== '');
    if (head.length === 0) {
      upstream.wire.text(text);
      this.#expectProgress();
      return;
    }
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept) this.#sendBody(text, kept, 0, kept.length);
    else this.#sendBody(text, buffer, from, to);
  }

  /** `before`: the head, if it goes first. */
  #sendBody(before: string, buffer: Buffer, from: number, to: number): void {
    const upstream = this.#upstream as Upstream;
    if (to > from) this.#bodySent = true;
    if (this.#head.length === CHUNKED) sendChunk(upstream.wire, before, buffer, from, to, this.#requestDone);
    else upstream.wire.send(before, buffer, from, to, '');
    if (upstream.wire.congested) this.#side.wire.pause();
    this.#expectProgress();
  }

  /** Whose turn it is, and how long that may take. */
  #expectProgress(): void {
    if (this.#phase !== 'sent') return;
    const { limits } = this.#side.edge;
    const clientsTurn = !this.#requestDone && !this.#upstream?.wire.congested;
    this.#side.deadline = this.#in(clientsTurn ? limits.bodyIdleMs : limits.upstreamTimeoutMs);
  }

  #in(ms: number): number {
    return this.#side.edge.sweeper.now + ms;
  }

  // Passing the answer on

  #framingOf(head: ResponseHead): Framing {
    const { minor, method } = this.#head;
    if (method === 'HEAD') return head.declaredChunked && minor === 1 ? 'chunked' : 'none';
    if (head.length === CHUNKED || head.length === UNTIL_CLOSE) return minor === 1 ? 'chunked' : 'close';
    return head.length > 0 ? 'length' : 'none';
  }

  #answerBytes(before: string, buffer: Buffer, from: number, to: number, done: boolean): void {
    const { wire, edge } = this.#side;
    if (this.#look !== undefined) this.#learn(buffer, from, to);
    this.#bytes += to - from;
    if (this.#framing === 'chunked' && this.#head.method !== 'HEAD') {
      sendChunk(wire, before, buffer, from, to, done);
    } else wire.send(before, buffer, from, to, '');
    if (done) {
      this.#finish();
      return;
    }
    if (wire.congested) {
      this.#upstream?.wire.pause();
      this.#side.deadline = this.#in(edge.limits.upstreamTimeoutMs);
    } else this.#side.deadline = this.#stream ? 0 : this.#in(edge.limits.upstreamTimeoutMs);
  }

  /** Reads the id of a new Engine.IO session in the beginning of an answer. */
  #learn(buffer: Buffer, from: number, to: number): void {
    const { sweeper } = this.#side.edge;
    const look = this.#look + buffer.toString('latin1', from, Math.min(to, from + HANDSHAKE_LOOK));
    const sid = this.#status === 200 ? sessionInAnswer(look) : undefined;
    if (sid !== undefined) (this.#pool as Pool).sessions.learn(sid, this.#target as Target, sweeper.now);
    this.#look = sid !== undefined || look.length >= HANDSHAKE_LOOK ? undefined : look;
  }

  #stickyCookie(): string {
    const pool = this.#pool as Pool;
    if (pool.plan.sticky !== 'cookie') return '';
    const value = cookieValue((this.#target as Target).id);
    if (this.#ask?.cookie === value) return '';
    return setCookie(pool.cookieName, value, this.#client.scheme === 'https');
  }

  #finish(): void {
    const target = this.#target as Target;
    const upstream = this.#upstream as Upstream;
    this.#upstream = undefined;
    this.#end(this.#status, target.id);
    upstream.release(this.#requestDone);
    this.#side.edge.leave(target);
    this.#side.finished(this.#keepClient && this.#requestDone);
  }

  #cutOff(): void {
    this.#leave();
    this.#end(this.#status, `${this.#lastFailure?.cause ?? 'the request broke off'}`);
    this.#side.cutOff(this.#framing === 'close');
  }

  #answer(status: number, message: string, keep = this.#requestDone, extra = ''): void {
    this.#end(status, message);
    const keepClient = keep && this.#head.keepAlive && !this.#side.edge.draining;
    this.#side.answerLocally(status, message, this.#head, keepClient, extra);
  }

  /** Gives up its place, wherever that is. */
  #leave(): void {
    this.#pool?.waiting.remove(this);
    this.#upstream?.abandon();
    this.#upstream = undefined;
    if (this.#target) this.#side.edge.leave(this.#target);
    this.#target = undefined;
  }

  /** Counts and writes down what has become of it. */
  #end(status: number, by: string): void {
    if (this.#phase === 'done') return;
    this.#phase = 'done';
    this.#side.deadline = 0;
    if (this.#traffic) {
      this.#traffic.openRequests--;
      if (status >= 500) this.#traffic.errors5xx++;
    }
    const { accessLog } = this.#side.edge;
    if (!accessLog) return;
    const { method, target, host } = this.#head;
    const ms = performance.now() - this.#startedAt;
    accessLog.add({ ip: this.#client.ip, host, method, target, status, bytes: this.#bytes, ms, by });
  }
}

const NONE: Target[] = [];

/** Writes bytes as one chunk, and the end of the body behind it if that is `done`. */
function sendChunk(
  wire: Wire,
  before: string,
  buffer: Buffer,
  from: number,
  to: number,
  done: boolean,
): void {
  const end = done ? '0\r\n\r\n' : '';
  if (to === from) {
    wire.send(before + end, buffer, from, from, '');
    return;
  }
  wire.send(`${before}${(to - from).toString(16)}\r\n`, buffer, from, to, `\r\n${end}`);
}
