/**
 * One request on its way: to a target and to the next one if that is needed, and its answer on the way back. The bytes of
 * both sides run through here; what they mean was decided by the parsers, where they go is decided by a Search.
 */
import { Booking } from './booking.ts';
import type { Caller } from './carriage.ts';
import type { Answering, ClientSide } from './client-side.ts';
import { sayPage, sayPlainly } from './exchange/own-words.ts';
import { Reply, type ReplyUser } from './exchange/reply.ts';
import { Search } from './exchange/search.ts';
import { Shipment } from './exchange/shipment.ts';
import { answerTimedOut, badAnswer, connectTimedOut, type Failure } from './failure.ts';
import type { Client } from './forwarded.ts';
import type { Visited } from './gate/visit.ts';
import type { Waiter } from './hold.ts';
import type { Fields } from './http1/fields.ts';
import type { Refusal } from './http1/refusal.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { ResponseHead } from './http1/response-head.ts';
import { localBytes } from './local-answer.ts';
import type { Pool } from './pool.ts';
import type { Choice, Site } from './routes.ts';
import type { SiteTraffic } from './traffic.ts';
import type { Upstream } from './upstream.ts';
import { isSwitch } from './websocket.ts';

/** A longer silence to a connection attempt is an answer too. */
const CONNECT_MS = 5_000;
const RETRY_AFTER = 'Retry-After: 1\r\n';

/** ending: the app has answered, and the rest of the answer is on its way through a compressor. */
type Phase = 'begun' | 'waiting' | 'connecting' | 'sent' | 'answering' | 'ending' | 'done';

export class Exchange implements Caller, Waiter, Answering, ReplyUser {
  readonly #side: ClientSide;
  readonly #head: RequestHead;
  readonly #client: Client;
  readonly #booking: Booking;
  readonly #shipment: Shipment;
  /** What the gate of its site found out; undefined when it has none. */
  readonly #visit: Visited | undefined;
  #phase: Phase = 'begun';
  /** Of the table that its way was chosen by. */
  #site: Site<Pool> | undefined;
  /** As soon as it is known to which pool it goes. */
  #search: Search | undefined;
  #reply: Reply | undefined;
  /** Field lines for every answer of this site. */
  #extra = '';
  /** What the kernel had not taken yet when the time was last up. */
  #unwritten = -1;

  constructor(side: ClientSide, head: RequestHead, requestDone: boolean, visit?: Visited) {
    this.#side = side;
    this.#head = head;
    this.#visit = visit;
    this.#client = visit ? visit.client : side.client(head);
    this.#shipment = new Shipment(side, head, this.#client, requestDone);
    this.#booking = visit ? visit.booking : new Booking(side, head, this.#client);
  }

  begin(buffer: Buffer, from: number, to: number): void {
    const { edge, channel } = this.#side;
    this.#booking.bytesIn += to - from;
    const { policy } = edge;
    const challenge = policy?.challenge(this.#head);
    if (challenge !== undefined) {
      this.#end(200, 'challenge', this.#head.method === 'HEAD' ? 0 : challenge.length);
      sayPlainly(this.#side, this.#head, challenge);
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
        this.#say(objection.status, objection.message, this.#shipment.done, objection.extra);
        return;
      }
      this.#extra = policy.fields(site.host, scheme);
    }
    const choice = this.#choose(site);
    if (!choice) {
      this.#say(404, 'There is nothing at this address');
      return;
    }
    this.#search = new Search(edge, choice, this.#head, this.#client.ip, this);
    if (to > from) this.#shipment.keep(buffer, from, to);
    this.#attempt(this.#search);
  }

  // What the client's side says

  more(buffer: Buffer, from: number, to: number, done: boolean): void {
    this.#shipment.done = done;
    this.#booking.bytesIn += to - from;
    if (this.#phase === 'ending') return;
    if (this.#phase === 'sent' || this.#phase === 'answering') {
      this.#shipment.send(buffer, from, to);
      this.#expectProgress();
      return;
    }
    this.#shipment.keep(buffer, from, to);
    if (!done && this.#shipment.full) this.#side.channel.pause();
  }

  refuse(refusal: Refusal): void {
    if (this.#phase === 'answering' || this.#phase === 'ending') {
      this.#cutOff(refusal.reason);
      return;
    }
    this.#leave();
    this.#say(refusal.status, refusal.reason, false);
  }

  abandon(): void {
    if (this.#phase === 'done') return;
    this.#leave();
    this.#end(499, 'client left');
  }

  expire(): void {
    const { channel } = this.#side;
    if (this.#phase === 'ending' || (this.#phase === 'answering' && channel.congested)) this.#awaitReader();
    else if (this.#phase === 'waiting') this.#unserved(this.#search as Search);
    else if (this.#phase === 'connecting') this.#giveUp(connectTimedOut());
    else if (this.#shipment.waitsForClient) {
      // Also in the middle of an answer: the app can do nothing about it.
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

  clientDrained(): void {
    if (this.#phase !== 'answering' && this.#phase !== 'ending') return;
    if (this.#reply?.drained()) this.#shipment.carriage?.resume();
    this.#expectProgress();
  }

  // Finding a target

  #choose(site: Site<Pool> | undefined): Choice<Pool> | undefined {
    this.#site = site;
    const route = site?.route(this.#head.path);
    this.#booking.route = route?.prefix ?? '';
    return route?.choose(this.#head, this.#client.scheme === 'https');
  }

  #attempt(search: Search): void {
    this.#booking.pool = search.pool.name;
    const target = search.next();
    if (!target) {
      this.#wait(search);
      return;
    }
    this.#booking.sentTo(target);
    const idle = search.fresh ? undefined : target.connections.takeIdle(this);
    if (idle) {
      this.#shipment.carriage = idle;
      this.#send();
      return;
    }
    this.#phase = 'connecting';
    this.#side.deadline = this.#side.edge.sweeper.now + CONNECT_MS;
    this.#shipment.carriage = target.connections.connect(this, this.#client);
  }

  #wait(search: Search): void {
    const until = search.wait();
    if (until === 0) {
      this.#unserved(search);
      return;
    }
    this.#phase = 'waiting';
    this.#side.deadline = until;
  }

  /** There may be a target now, or room: look again. */
  wake(): void {
    const search = this.#search;
    if (this.#phase !== 'waiting' || !search) return;
    this.#phase = 'begun';
    search.renew();
    const site = this.#side.edge.site(this.#head.host);
    if (site !== this.#site || !search.pool.isUp) {
      const choice = this.#choose(site);
      if (!choice) {
        this.#leave();
        this.#say(404, 'There is nothing at this address any more');
        return;
      }
      search.enter(choice);
    }
    this.#attempt(search);
  }

  /** Somebody else needs its place in the queue more. */
  yieldPlace(): void {
    const search = this.#search;
    if (this.#phase === 'waiting' && search) this.#side.channel.guard(() => this.#unserved(search));
  }

  /** The time to wait is over, or there is no room to wait in. */
  #unserved({ waitsFor, lastFailure }: Search): void {
    if (waitsFor === 'target' && lastFailure) {
      this.#failed(lastFailure);
      return;
    }
    this.#leave();
    const message = waitsFor === 'room' ? 'The app has too much to do' : 'The app is not ready';
    this.#say(503, message, this.#shipment.done, RETRY_AFTER);
  }

  #failed({ status, cause, retryable }: Failure): void {
    this.#leave();
    const short = retryable === 'always' ? 'The app could not be reached' : 'The app did not answer properly';
    const message = status === 504 ? 'The app did not answer in time' : short;
    this.#say(status, message, this.#shipment.done, '', cause);
  }

  #giveUp(failure: Failure): void {
    this.#shipment.carriage?.abandon();
    this.onFailure(failure);
  }

  onFailure(failure: Failure): void {
    const search = this.#search as Search;
    const reused = this.#shipment.carriage?.reused ?? false;
    this.#shipment.carriage = undefined;
    search.failed(failure, reused);
    if (this.#phase === 'answering') this.#cutOff(failure.cause);
    else if (search.mayGoOn(failure, this.#shipment)) this.#attempt(search);
    else this.#failed(failure);
  }

  // Sending the request

  onConnected(): void {
    this.#send();
  }

  #send(): void {
    const search = this.#search as Search;
    this.#phase = 'sent';
    search.sending();
    this.#shipment.open(search.affinity.reads);
    this.#expectProgress();
  }

  onUpstreamDrain(): void {
    this.#shipment.drained();
    this.#expectProgress();
  }

  /** Sets the deadline anew: something has moved, or it is another's turn. */
  #expectProgress(): void {
    const { channel, edge } = this.#side;
    const { bodyIdleMs, upstreamTimeoutMs } = edge.limits;
    const isQuiet = this.#reply?.isCall || (this.#reply?.endless && this.#shipment.done);
    const endless = this.#phase === 'answering' && isQuiet && !channel.congested;
    const patience = this.#shipment.waitsForClient ? bodyIdleMs : upstreamTimeoutMs;
    this.#side.deadline = endless ? 0 : edge.sweeper.now + patience;
  }

  // The answer

  onInterim(head: ResponseHead): void {
    this.#side.interim(this.#head, head);
    this.#expectProgress();
  }

  onAnswer(head: ResponseHead, buffer: Buffer, from: number, to: number, done: boolean): void {
    const search = this.#search as Search;
    this.#booking.answered();
    if (search.isElsewhere(head, this.#shipment)) {
      this.#askNext(search, done);
      return;
    }
    const request = this.#head;
    this.#phase = 'answering';
    this.#shipment.dropKept();
    // A client that waits with its body for a 100 that never came may begin another request instead.
    const undecided = request.expectsContinue && !this.#shipment.bodySent && !this.#shipment.done;
    const keep = request.keepAlive && !undecided && !this.#side.edge.draining;
    const lines = search.answerLines(this.#client.scheme === 'https') + this.#extra;
    const size = done ? to - from : undefined;
    const reply = new Reply(this.#side, request, this.#visit, head, keep, lines, size, this);
    this.#reply = reply;
    if (reply.endless && !done) search.answered(head.status);
    this.onAnswerBytes(buffer, from, to, done);
  }

  /** Asks the next target; `done`: the answer of this one was complete. */
  #askNext(search: Search, done: boolean): void {
    if (done) this.#shipment.release();
    else this.#shipment.abandon();
    search.passBy();
    this.#attempt(search);
  }

  onAnswerBytes(buffer: Buffer, from: number, to: number, done: boolean, trailers?: Fields): void {
    const reply = this.#reply as Reply;
    this.#search?.read(buffer, from, to);
    reply.write(buffer, from, to, done, trailers);
    if (!done) {
      if (reply.congested) this.#shipment.carriage?.pause();
      this.#expectProgress();
    } else if (reply.endsLater) {
      this.#phase = 'ending';
      this.#part(reply);
      this.#expectProgress();
    } else this.#finish(reply);
  }

  // What a compressor says

  onRoom(): void {
    this.#shipment.carriage?.resume();
  }

  onMoved(): void {
    this.#expectProgress();
  }

  onEnded(): void {
    this.#end((this.#reply as Reply).answer.status, (this.#search as Search).by);
    this.#side.finished((this.#reply as Reply).keepClient && this.#shipment.done);
  }

  onBroken(cause: string): void {
    this.#cutOff(cause);
  }

  // WebSockets

  onSwitch(head: ResponseHead, upstream: Upstream, buffer: Buffer, from: number, to: number): void {
    const { edge } = this.#side;
    if (!isSwitch(head, this.#head.webSocketKey)) {
      this.#giveUp(badAnswer('the 101 is not an answer to this handshake'));
      return;
    }
    const search = this.#search as Search;
    this.#shipment.carriage = undefined;
    search.answered(101);
    const target = search.handOver();
    this.#booking.answered();
    this.#end(101, target.id);
    this.#side.switched(head, upstream, target, this.#booking.site as SiteTraffic, buffer, from, to);
    // Only now, because the tunnel counts already: a target that is to go is not left for a moment.
    edge.leave(target);
  }

  // The end

  #finish(reply: Reply): void {
    this.#end(reply.answer.status, (this.#search as Search).by);
    this.#part(reply);
    this.#side.finished(reply.keepClient && this.#shipment.done);
  }

  /** The app has done its part. */
  #part(reply: Reply): void {
    const search = this.#search as Search;
    search.answered(reply.answer.status);
    this.#shipment.release();
    search.leave();
  }

  #cutOff(cause: string): void {
    const { status, endsByClose } = (this.#reply as Reply).answer;
    this.#leave();
    this.#end(status, cause);
    this.#side.cutOff(endsByClose);
  }

  #unknownHost(): void {
    const { unknownHost, empty } = this.#side.edge;
    if (empty) this.#say(404, 'Holdfast is here and waits for its first site');
    else this.#say(unknownHost, 'No site of this name is served here');
  }

  /** Answers in the edge's own words; `cause` is for the access log. */
  #say(status: number, message: string, keep = this.#shipment.done, extra = '', cause = message): void {
    const html = this.#visit?.gate.pageFor(status);
    this.#end(status, cause, localBytes(this.#head, { status, message, html }));
    sayPage(this.#side, this.#head, this.#visit, status, message, keep, extra + this.#extra, html);
  }

  /** Gives up its place, wherever that is. */
  #leave(): void {
    this.#reply?.destroy();
    this.#shipment.abandon();
    this.#search?.leave();
  }

  /** Counts and writes down what has become of it. */
  #end(status: number, by: string, bytes = this.#reply?.answer.bytes ?? 0): void {
    if (this.#phase === 'done') return;
    this.#phase = 'done';
    this.#side.deadline = 0;
    this.#booking.close(status, bytes, by);
  }
}
