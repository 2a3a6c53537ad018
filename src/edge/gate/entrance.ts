/** Lets requests in: a site with a gate answers some, asks for passwords, and hands the rest to what the path leads to. */
import type { Answering, ClientSide } from '../client-side.ts';
import { FileAnswer } from '../files/file-answer.ts';
import { Folder } from '../files/folder.ts';
import { Exchange } from '../forward.ts';
import { fieldValue } from '../http1/field-value.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { Pool } from '../pool.ts';
import type { Site } from '../routes.ts';
import { BUSY, type Gate, type Saying } from './gate.ts';
import { Visit } from './visit.ts';

/** What answers this request. `requestDone`: it was read whole. */
export function enter(side: ClientSide, head: RequestHead, requestDone: boolean): Answering {
  const site = side.edge.site(head.host);
  if (site?.gate) return pass(side, site, site.gate, head, requestDone);
  return new Exchange(side, head, requestDone);
}

function pass(
  side: ClientSide,
  site: Site<Pool>,
  gate: Gate,
  head: RequestHead,
  requestDone: boolean,
): Answering {
  const { policy } = side.edge;
  if (policy) {
    const { scheme } = side.client(head);
    const objection = policy.objection(head, site.host, scheme, side.channel.secured);
    // What is said about https goes first, and an Exchange says it.
    if (objection || policy.challenge(head) !== undefined) return new Exchange(side, head, requestDone);
  }
  const visit = new Visit(side, gate, site.host, head);
  const stop = gate.stops(head, visit.client.ip);
  if (stop) return new Reply(visit, stop, requestDone);
  if (!gate.passwords) return inside(visit, site, requestDone);
  const right = gate.passwords.check(fieldValue(head.fields, 'authorization'));
  if (right === true) return inside(visit, site, requestDone);
  if (right === false) return new Reply(visit, gate.question, requestDone);
  if (right === 'busy') return new Reply(visit, BUSY, requestDone);
  return new Waiting(visit, site, requestDone, right);
}

function inside(visit: Visit, site: Site<Pool>, requestDone: boolean): Answering {
  const { place, prefix = '' } = site.route(visit.head.path) ?? {};
  visit.booking.route = prefix;
  if (place instanceof Folder) return new FileAnswer(visit, place, requestDone);
  return new Exchange(visit.side, visit.head, requestDone, visit);
}

/** An answer that is there at once. */
class Reply implements Answering {
  readonly #visit: Visit;
  readonly #saying: Saying;
  readonly #requestDone: boolean;

  constructor(visit: Visit, saying: Saying, requestDone: boolean) {
    this.#visit = visit;
    this.#saying = saying;
    this.#requestDone = requestDone;
  }

  begin(): void {
    this.#visit.arrived();
    this.#visit.say(this.#saying, this.#requestDone);
  }

  more(): void {}
  refuse(): void {}
  abandon(): void {}
  expire(): void {}
  clientDrained(): void {}
}

/** A request whose password is being looked at; what comes of its body meanwhile is kept, and its client waits with more. */
class Waiting implements Answering {
  readonly #visit: Visit;
  readonly #site: Site<Pool>;
  readonly #right: Promise<boolean>;
  #requestDone: boolean;
  #kept: Buffer = Buffer.alloc(0);
  #inner: Answering | undefined;
  #over = false;

  constructor(visit: Visit, site: Site<Pool>, requestDone: boolean, right: Promise<boolean>) {
    this.#visit = visit;
    this.#site = site;
    this.#requestDone = requestDone;
    this.#right = right;
  }

  begin(buffer: Buffer, from: number, to: number): void {
    this.#kept = Buffer.from(buffer.subarray(from, to));
    void this.#right.then(
      (right) => this.#visit.side.channel.guard(() => this.#decide(right)),
      () => this.#visit.side.channel.guard(() => this.#decide(false)),
    );
  }

  more(buffer: Buffer, from: number, to: number, done: boolean): void {
    if (this.#inner) {
      this.#inner.more(buffer, from, to, done);
      return;
    }
    this.#kept = Buffer.concat([this.#kept, buffer.subarray(from, to)]);
    this.#requestDone = done;
    if (!done) this.#visit.side.channel.pause();
  }

  refuse({ status, reason }: Refusal): void {
    if (this.#inner) {
      this.#inner.refuse({ status, reason });
      return;
    }
    this.#over = true;
    this.#visit.say({ status, message: reason, extra: '' }, false);
  }

  abandon(): void {
    this.#over = true;
    this.#inner?.abandon();
  }

  expire(): void {
    this.#inner?.expire();
  }

  clientDrained(): void {
    this.#inner?.clientDrained();
  }

  #decide(right: boolean): void {
    if (this.#over) return;
    const visit = this.#visit;
    this.#inner = right
      ? inside(visit, this.#site, this.#requestDone)
      : new Reply(visit, visit.gate.question, this.#requestDone);
    this.#inner.begin(this.#kept, 0, this.#kept.length);
  }
}
