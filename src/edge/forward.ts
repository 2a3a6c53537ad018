/**
 * One request on its way: finds a target, sends, repeats what may be repeated, and passes the answer on. The bytes of
 * both sides run through here; what they mean was decided by the parsers.
 */
import { Affinity } from './affinity.ts';
import { Booking } from './booking.ts';
import type { Caller, Carriage } from './carriage.ts';
import type { Answer, Answering, ClientSide } from './client-side.ts';
import { Compression, encodingFor } from './encode/compression.ts';
import { answerTimedOut, badAnswer, connectTimedOut, type Failure, mayRepeat } from './failure.ts';
import type { Client } from './forwarded.ts';
import type { Visited } from './gate/visit.ts';
import type { Waiter } from './hold.ts';
import { type Fields, Kind } from './http1/fields.ts';
import type { Refusal } from './http1/refusal.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { ResponseHead } from './http1/response-head.ts';
import { ownHead } from './own-head.ts';
import type { Pool } from './pool.ts';
import type { Choice, Site } from './routes.ts';
import type { Target } from './target.ts';
import type { SiteTraffic } from './traffic.ts';
import type { Upstream } from './upstream.ts';
import { isSwitch } from './websocket.ts';

/** A longer silence to a connection attempt is an answer too. */
const CONNECT_MS = 5_000;
/** A request at which a second instance dies is perhaps what kills them: it is not sent to a third. */
const DEATHS_MAX = 2;
const EMPTY = Buffer.alloc(0);
const NONE: Target[] = [];
const PLAIN = { varies: false, coding: undefined };

/** ending: the app has answered, and the rest of the answer is on its way through a compressor. */
type Phase = 'begun' | 'waiting' | 'connecting' | 'sent' | 'answering' | 'ending' | 'done';

export class Exchange implements Caller, Waiter, Answering {
  readonly #side: ClientSide;
  readonly #head: RequestHead;
  readonly #client: Client;
  readonly #booking: Booking;
  /** What the gate of its site found out; undefined when it has none. */
  readonly #visit: Visited | undefined;
  #phase: Phase = 'begun';
  /** The whole request has been read from the client. */
  #requestDone: boolean;
  #pool: Pool | undefined;
  #affinity: Affinity | undefined;
  #target: Target | undefined;
  #carriage: Carriage | undefined;
  /** The body as far as it is there, while it may have to be sent (again). */
  #kept: Buffer | undefined;
  #bodySent = false;
  #tried: Target[] = NONE;
  /** Instances that died, or seemed to, while they had this request. */
  #deaths = 0;
  /** The next connection must be a new one, to this target. */
  #again: Target | undefined;
  #lastFailure: Failure | undefined;
  /** End of the time that it may wait for a target, once it has waited. */
  #holdUntil = 0;
  #answer: Answer | undefined;
  /** What the answer goes through before. */
  #compression: Compression | undefined;
  /** Field lines for every answer of this site. */
  #extra = '';
  /** Field lines for an answer of the pool that was chosen. */
  #choiceLines = '';
  #keepClient = false;
  /** What the kernel had not taken yet when the time was last up. */
  #unwritten = -1;
  /** An answer that may pause for as long as it likes. */
  #endless = false;

  constructor(side: ClientSide, head: RequestHead, requestDone: boolean, visit?: Visited) {
    this.#side = side;
    this.#head = head;
    this.#visit = visit;
    this.#client = visit ? visit.client : side.client(head);
    this.#requestDone = requestDone;
    this.#booking = visit ? visit.booking : new Booking(side, head, this.#client);
  }

  /** Takes the request up, with the part of its body that came with the head. */
  begin(buffer: Buffer, from: number, to: number): void {
    const { edge, channel } = this.#side;
    this.#booking.bytesIn += to - from;
    const { policy } = edge;
    const challenge = policy?.challenge(this.#head);
    if (challenge !== undefined) {
      this.#sayPlainly(challenge);
      return;
    }
    const site = edge.site(this.#head.host);
    if (!site) {
      this.#unknownHost();
      return;
    }
    this.#booking.arrived(site.host);
    if (policy) {
      const { scheme } = this.#client;
      const objection = policy.objection(this.#head, site.host, scheme, channel.secured);
      if (objection) {
        this.#say(objection.status, objection.message, this.#requestDone, objection.extra);
        return;
      }
      this.#extra = policy.fields(site.host, scheme);
    }
    const choice = this.#choose(site);
    if (!choice) {
      this.#say(404, 'There is nothing at this address');
      return;
    }
    this.#enter(choice);
    if (to > from) this.#keep(buffer, from, to);
    this.#attempt();
  }

  /** Takes more of the request's body. */
  more(buffer: Buffer, from: number, to: number, done: boolean): void {
    this.#requestDone = done;
    this.#booking.bytesIn += to - from;
    if (this.#phase === 'ending') return;
    if (this.#phase === 'sent' || this.#phase === 'answering') {
      this.#kept = undefined;
      this.#sendMore(buffer, from, to);
      return;
    }
    this.#keep(buffer, from, to);
    if (!done) this.#side.channel.pause();
  }

  /** The client sent something that cannot be part of its request, or too much, or nothing for too long. */
  refuse(refusal: Refusal): void {
    if (this.#phase === 'answering' || this.#phase === 'ending') {
      this.#cutOff(refusal.reason);
      return;
    }
    this.#leave();
    this.#say(refusal.status, refusal.reason, false);
  }

  /** The client has left. */
  abandon(): void {
    if (this.#phase === 'done') return;
    this.#leave();
    this.#end(499, 'client left');
  }

  /** The deadline that it had set has passed. */
  expire(): void {
    if (this.#phase === 'ending') this.#awaitReader();
    else if (this.#phase === 'waiting') this.#unserved();
    else if (this.#phase === 'connecting') this.#giveUp(connectTimedOut());
    else if (this.#phase === 'sent' && this.#clientsTurn) {
      this.refuse({ status: 408, reason: 'The rest of the request did not come in time' });
    } else this.#giveUp(answerTimedOut());
  }

  /** A client may read slowly, but not stop. */
  #awaitReader(): void {
    const { unwritten } = this.#side.channel;
    const moved = unwritten !== this.#unwritten;
    this.#unwritten = unwritten;
    if (moved) this.#expectProgress();
    else this.#cutOff('the client does not read');
  }

  /** There may be a place now: look again. */
  wake(): void {
    if (this.#phase !== 'waiting') return;
    this.#phase = 'begun';
    this.#tried = NONE;
    const choice = this.#choose(this.#side.edge.site(this.#head.host));
    if (!choice) {
      this.#say(404, 'There is nothing at this address any more');
      return;
    }
    if (choice.pool !== this.#pool) this.#enter(choice);
    this.#attempt();
  }

  /** What was written has gone out to the client. */
  clientDrained(): void {
    if (this.#phase !== 'answering' && this.#phase !== 'ending') return;
    this.#compression?.resume();
    if (!this.#compression?.congested) this.#carriage?.resume();
    this.#expectProgress();
  }

  // What the upstream connection says

  onConnected(): void {
    this.#send();
  }

  onInterim(head: ResponseHead): void {
    this.#side.interim(this.#head, head);
    this.#expectProgress();
  }

  onAnswer(head: ResponseHead, buffer: Buffer, from: number, to: number, done: boolean): void {
    this.#booking.answered();
    if (this.#isElsewhere(head)) {
      this.#askNext(done);
      return;
    }
    const { channel, edge } = this.#side;
    const request = this.#head;
    this.#phase = 'answering';
    this.#kept = undefined;
    // A client that waits with its body for a 100 that never came may begin another request instead.
    const undecided = request.expectsContinue && !this.#bodySent && !this.#requestDone;
    const keep = request.keepAlive && !undecided && !edge.draining;
    const cookie = (this.#affinity as Affinity).cookieLine(
      this.#target as Target,
      this.#client.scheme === 'https',
    );
    const lines = cookie + this.#choiceLines + this.#extra;
    this.#answer = this.#visit
      ? this.#dressed(this.#visit, head, keep, lines, done ? to - from : undefined)
      : this.#side.answer(request, head, keep, lines);
    this.#keepClient = keep && !this.#answer.endsByClose;
    this.#endless = head.fields.first(Kind.contentType)?.startsWith('text/event-stream') ?? false;
    if (this.#endless) channel.watch();
    this.onAnswerBytes(buffer, from, to, done);
  }

  onAnswerBytes(buffer: Buffer, from: number, to: number, done: boolean, trailers?: Fields): void {
    const answer = this.#answer as Answer;
    this.#affinity?.read(this.#target as Target, buffer, from, to, this.#side.edge.sweeper.now);
    if (this.#compression) {
      this.#compress(this.#compression, buffer, from, to, done);
      return;
    }
    answer.write(buffer, from, to, done, trailers);
    if (done) {
      this.#finish(answer);
      return;
    }
    if (this.#side.channel.congested) this.#carriage?.pause();
    this.#expectProgress();
  }

  /** An answer as the site wants it. `size`: of its body, if all of it is here. */
  #dressed(
    visit: Visited,
    head: ResponseHead,
    keep: boolean,
    lines: string,
    size: number | undefined,
  ): Answer {
    const { fields, content } = visit.gate;
    const request = this.#head;
    const encoding = content.compress
      ? encodingFor(request, head, request.method === 'HEAD' ? undefined : size)
      : PLAIN;
    const answer = this.#side.answer(request, fields.dress(head, encoding), keep, lines + visit.idLine);
    const by = (this.#target as Target).id;
    if (encoding.coding !== undefined && request.method !== 'HEAD') {
      this.#compression = new Compression(encoding.coding, answer, this.#side.channel, {
        room: () => this.#carriage?.resume(),
        moved: () => this.#expectProgress(),
        ended: () => {
          this.#end(answer.status, by);
          this.#side.finished(this.#keepClient && this.#requestDone);
        },
        failed: () => this.#cutOff('it could not be compressed'),
      });
    }
    return answer;
  }

  #compress(compression: Compression, buffer: Buffer, from: number, to: number, done: boolean): void {
    compression.write(buffer, from, to, done);
    if (done) {
      this.#phase = 'ending';
      this.#part(this.#answer as Answer);
    } else if (compression.congested || this.#side.channel.congested) this.#carriage?.pause();
    this.#expectProgress();
  }

  onSwitch(head: ResponseHead, upstream: Upstream, buffer: Buffer, from: number, to: number): void {
    const { edge } = this.#side;
    if (!isSwitch(head, this.#head.webSocketKey)) {
      this.#giveUp(badAnswer('the 101 is not an answer to this handshake'));
      return;
    }
    const target = this.#target as Target;
    this.#carriage = undefined;
    this.#target = undefined;
    this.#affinity?.confirm(target, edge.sweeper.now);
    this.#booking.answered();
    this.#end(101, target.id);
    this.#side.switched(head, upstream, target, this.#booking.site as SiteTraffic, buffer, from, to);
    // Only now, because the tunnel counts already: a target that is to go is not left for a moment.
    edge.leave(target);
  }

  onUpstreamDrain(): void {
    if (!this.#requestDone) this.#side.resumeReading();
    this.#expectProgress();
  }

  onFailure(failure: Failure): void {
    const target = this.#target as Target;
    const reused = this.#carriage?.reused ?? false;
    this.#carriage = undefined;
    this.#target = undefined;
    target.failed(failure, reused);
    this.#side.edge.leave(target);
    this.#lastFailure = failure;
    if (this.#phase === 'answering') {
      this.#cutOff(failure.cause);
      return;
    }
    if (failure.retryable === 'if-safe' && !reused) this.#deaths++;
    const lost = this.#bodySent && !this.#kept;
    if (lost || this.#deaths >= DEATHS_MAX || !mayRepeat(failure, this.#head.method, this.#bodySent)) {
      this.#failed(failure);
      return;
    }
    // An idle connection that died says nothing about its target.
    if (reused) this.#again = target;
    else this.#tried = [...this.#tried, target];
    this.#attempt();
  }

  // Finding a place

  #choose(site: Site<Pool> | undefined): Choice<Pool> | undefined {
    const route = site?.route(this.#head.path);
    this.#booking.route = route?.prefix ?? '';
    return route?.choose(this.#head, this.#client.scheme === 'https');
  }

  #enter({ pool, lines }: Choice<Pool>): void {
    this.#pool = pool;
    this.#booking.pool = pool.name;
    this.#choiceLines = lines;
    this.#affinity = new Affinity(this.#head, this.#client.ip, pool);
  }

  #attempt(): void {
    const { edge } = this.#side;
    const pool = this.#pool as Pool;
    const again = this.#again?.state === 'ready' ? this.#again : undefined;
    this.#again = undefined;
    const target = again ?? pool.pick(this.#affinity as Affinity, this.#tried, edge.sweeper.now);
    if (!target) {
      this.#hold(pool);
      return;
    }
    this.#target = target;
    this.#booking.sentTo(target);
    target.requests++;
    const idle = again ? undefined : target.connections.takeIdle(this);
    if (idle) {
      this.#carriage = idle;
      this.#send();
      return;
    }
    this.#phase = 'connecting';
    this.#side.deadline = edge.sweeper.now + CONNECT_MS;
    this.#carriage = target.connections.connect(this, this.#client);
  }

  /** No target now. Waits for one, if what happened so far allows it. */
  #hold(pool: Pool): void {
    const { sweeper } = this.#side.edge;
    const { timeoutMs, maxWaiting } = pool.plan.hold;
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
    if (this.#lastFailure) this.#failed(this.#lastFailure);
    else {
      this.#leave();
      this.#say(503, 'The app is not ready', this.#requestDone, 'Retry-After: 1\r\n');
    }
  }

  #failed(failure: Failure): void {
    this.#leave();
    const { status, cause } = failure;
    const message = status === 504 ? 'The app did not answer in time' : 'The app did not answer properly';
    this.#say(status, message, this.#requestDone, '', cause);
  }

  #giveUp(failure: Failure): void {
    this.#carriage?.abandon();
    this.onFailure(failure);
  }

  #unknownHost(): void {
    const { unknownHost, empty } = this.#side.edge;
    if (empty) this.#say(404, 'Holdfast is here and waits for its first site');
    else this.#say(unknownHost, 'No site of this name is served here');
  }

  #isElsewhere({ status }: ResponseHead): boolean {
    // Only what can be asked again.
    if (this.#bodySent && !this.#kept) return false;
    const { now } = this.#side.edge.sweeper;
    return (this.#affinity as Affinity).isElsewhere(status, this.#target as Target, this.#tried, now);
  }

  /** Asks the next target; `done`: the answer of this one was complete. */
  #askNext(done: boolean): void {
    const target = this.#target as Target;
    if (done) this.#carriage?.release(this.#requestDone);
    else this.#carriage?.abandon();
    this.#carriage = undefined;
    this.#target = undefined;
    this.#side.edge.leave(target);
    this.#tried = [...this.#tried, target];
    this.#attempt();
  }

  // Sending the request

  #keep(buffer: Buffer, from: number, to: number): void {
    const piece = Buffer.from(buffer.subarray(from, to));
    this.#kept = this.#kept ? Buffer.concat([this.#kept, piece]) : piece;
  }

  /** Sends the head and what there is of the body. */
  #send(): void {
    const carriage = this.#carriage as Carriage;
    const body = this.#kept ?? EMPTY;
    this.#phase = 'sent';
    // Of a body that goes on nothing can be repeated.
    if (!this.#requestDone) this.#kept = undefined;
    if (body.length > 0) this.#bodySent = true;
    const identity = this.#affinity?.reads ?? false;
    carriage.open(this.#side.requests, this.#head, this.#client, identity, body, this.#requestDone);
    this.#sent(carriage);
    if (!this.#requestDone && !carriage.congested) this.#side.resumeReading();
  }

  #sendMore(buffer: Buffer, from: number, to: number): void {
    const carriage = this.#carriage as Carriage;
    if (to > from) this.#bodySent = true;
    carriage.send(buffer, from, to, this.#requestDone);
    this.#sent(carriage);
  }

  #sent(carriage: Carriage): void {
    if (!this.#requestDone && carriage.congested) this.#side.channel.pause();
    this.#expectProgress();
  }

  /** It waits for more of the body. */
  get #clientsTurn(): boolean {
    return !this.#requestDone && !this.#carriage?.congested;
  }

  /** Sets the deadline anew: something has moved, or it is another's turn. */
  #expectProgress(): void {
    const { channel, edge } = this.#side;
    const { bodyIdleMs, upstreamTimeoutMs } = edge.limits;
    const { now } = edge.sweeper;
    const endless = this.#phase === 'answering' && this.#endless && this.#requestDone && !channel.congested;
    this.#side.deadline = endless ? 0 : now + (this.#clientsTurn ? bodyIdleMs : upstreamTimeoutMs);
  }

  // The end

  #finish(answer: Answer): void {
    this.#end(answer.status, (this.#target as Target).id);
    this.#part(answer);
    this.#side.finished(this.#keepClient && this.#requestDone);
  }

  /** The app has done its part. */
  #part(answer: Answer): void {
    const target = this.#target as Target;
    const carriage = this.#carriage as Carriage;
    if (answer.status === 200) this.#affinity?.confirm(target, this.#side.edge.sweeper.now);
    this.#carriage = undefined;
    this.#target = undefined;
    carriage.release(this.#requestDone);
    target.answered(answer.status);
    this.#side.edge.leave(target);
  }

  #cutOff(cause: string): void {
    const { status, endsByClose } = this.#answer as Answer;
    this.#leave();
    this.#end(status, cause);
    this.#side.cutOff(endsByClose);
  }

  /** Answers in the edge's own words; `cause` is for the access log. */
  #say(status: number, message: string, keep = this.#requestDone, extra = '', cause = message): void {
    this.#end(status, cause);
    const keepClient = keep && this.#head.keepAlive && !this.#side.edge.draining;
    const lines = extra + this.#extra + (this.#visit?.pageLines ?? '');
    const html = this.#visit?.gate.pageFor(status);
    this.#side.answerLocally(status, message, this.#head, keepClient, lines, html);
  }

  /** Answers 200 with this text, and closes. */
  #sayPlainly(text: string): void {
    this.#end(200, 'challenge');
    const head = ownHead(200, [['Content-Type', 'text/plain']], text.length);
    const bytes = Buffer.from(this.#head.method === 'HEAD' ? '' : text);
    this.#side.answer(this.#head, head, false, '').write(bytes, 0, bytes.length, true);
    this.#side.finished(false);
  }

  /** Gives up its place, wherever that is. */
  #leave(): void {
    this.#pool?.waiting.remove(this);
    this.#compression?.destroy();
    this.#carriage?.abandon();
    this.#carriage = undefined;
    const target = this.#target;
    this.#target = undefined;
    if (target) this.#side.edge.leave(target);
  }

  /** Counts and writes down what has become of it. */
  #end(status: number, by: string): void {
    if (this.#phase === 'done') return;
    this.#phase = 'done';
    this.#side.deadline = 0;
    this.#booking.close(status, this.#answer?.bytes ?? 0, by);
  }
}
