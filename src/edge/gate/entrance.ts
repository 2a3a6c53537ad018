/** Lets requests in: a site with a gate answers some, counts, asks for passwords, lets wait, and hands the rest to what the path leads to. */
import { enterCache, passCache } from '../cache/enter-cache.ts';
import type { Answering, ClientSide } from '../client-side.ts';
import { FileAnswer } from '../files/file-answer.ts';
import { Folder } from '../files/folder.ts';
import { Exchange } from '../forward.ts';
import { fieldValue } from '../http1/field-value.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { Pool } from '../pool.ts';
import type { Site } from '../routes.ts';
import type { Pause } from '../shaping/pause.ts';
import { Crowded } from './crowded.ts';
import { Deferred, type Delay } from './deferred.ts';
import { BUSY, type Gate, type Saying, sayingOf } from './gate.ts';
import { Refused } from './refused.ts';
import { Visit } from './visit.ts';

const PAUSED = {
  status: 503,
  message: 'This site is paused. Please try again in a few seconds',
  extra: 'Retry-After: 5\r\n',
};

/**
 * What answers this request. `requestDone`: it was read whole. `refusal`: it cannot be taken, and whoever may enter hears that; it
 * is answered as soon as it begins.
 */
export function enter(
  side: ClientSide,
  head: RequestHead,
  requestDone: boolean,
  refusal?: Refusal,
): Answering {
  const { edge } = side;
  if (edge.crowded) return new Crowded(side, head);
  const site = edge.site(head.host);
  if (site?.gate) return pass(side, site, site.gate, head, requestDone, refusal);
  if (site && refusal) return new Refused(side, site, head, refusal);
  return new Exchange(side, head, requestDone);
}

function pass(
  side: ClientSide,
  site: Site<Pool>,
  gate: Gate,
  head: RequestHead,
  requestDone: boolean,
  refusal: Refusal | undefined,
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
  const limit = site.limited(visit.head, visit.client.ip) ?? (refusal && sayingOf(refusal));
  if (limit) {
    visit.booking.route = site.route(visit.head.path)?.prefix ?? '';
    return new Reply(visit, limit, requestDone);
  }
  if (!gate.passwords) return admitted(visit, requestDone);
  const right = gate.passwords.check(fieldValue(head.fields, 'authorization'));
  if (right === true) return admitted(visit, requestDone);
  if (right === false) return new Reply(visit, gate.question, requestDone);
  if (right === 'busy') return new Reply(visit, BUSY, requestDone);
  return new Deferred(visit, requestDone, untilKnown(visit, right));
}

/** The client may enter; unless its site is paused. */
function admitted(visit: Visit, requestDone: boolean): Answering {
  // It may have waited, and the table may be another one now.
  const { pause } = visit.side.edge.site(visit.head.host)?.parts ?? {};
  if (!pause) return inside(visit, requestDone);
  if (pause.full) return new Reply(visit, PAUSED, requestDone);
  return new Deferred(visit, requestDone, untilResumed(visit, pause));
}

function inside(visit: Visit, requestDone: boolean): Answering {
  const { side, head } = visit;
  const site = side.edge.site(head.host);
  const route = site?.route(head.path);
  visit.booking.route = route?.prefix ?? '';
  if (route?.place instanceof Folder) return new FileAnswer(visit, route.place, requestDone);
  const cached = side.edge.caches.of(site?.host ?? '', route?.prefix ?? '');
  const exchange = cached
    ? enterCache(visit, cached, requestDone)
    : passCache(visit, side.edge.caches.ofSite(site?.host ?? ''), requestDone);
  const copies = route?.copies;
  return copies ? copies.mirror.around(exchange, visit, copies.pool, requestDone) : exchange;
}

function untilKnown(visit: Visit, right: Promise<boolean>): Delay {
  return {
    timeoutMs: 0,
    late: BUSY,
    begin(go) {
      const decide = (isRight: boolean) =>
        go((done) => (isRight ? admitted(visit, done) : new Reply(visit, visit.gate.question, done)));
      void right.then(decide, () => decide(false));
      return () => {};
    },
  };
}

function untilResumed(visit: Visit, pause: Pause): Delay {
  return {
    timeoutMs: pause.rules.timeoutMs,
    late: PAUSED,
    begin: (go, giveUp, extend) =>
      pause.wait({ go: () => go((done) => inside(visit, done)), giveUp, extend }),
  };
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
