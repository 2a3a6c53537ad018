/** Answers one request from the cache of its site, if it can; else by asking the app, alone or together with others that ask the same. */
import type { Answering } from '../client-side.ts';
import { Exchange } from '../forward.ts';
import type { Visit } from '../gate/visit.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { Asked } from './asked.ts';
import { asking, isPlain } from './asking.ts';
import type { Cache, Flight, Outcome, Waiter } from './cache.ts';
import { Fetch } from './fetch.ts';
import { ageAt } from './freshness.ts';
import { KeptAnswer } from './kept-answer.ts';
import { refresh } from './refresh.ts';
import type { Stored } from './stored.ts';
import { useOf } from './verdict.ts';

/** For so long a request waits until the app begins to answer another one. */
const WAIT_MS = 10_000;
const NOTHING = Buffer.alloc(0);

export class CachedAnswer implements Answering, Waiter {
  readonly #visit: Visit;
  readonly #cache: Cache;
  readonly #asked: Asked;
  #inner: Answering | undefined;
  #fetch: Fetch | undefined;
  /** Whose answer it waits for. */
  #flight: Flight | undefined;
  /** End of the time that it may wait, once it has waited. */
  #waitUntil = 0;

  /** @param visit of a GET or HEAD without a body */
  constructor(visit: Visit, cache: Cache, asked: Asked) {
    this.#visit = visit;
    this.#cache = cache;
    this.#asked = asked;
  }

  begin(): void {
    this.#look(true);
  }

  /** There is no body. */
  more(): void {}

  refuse(refusal: Refusal): void {
    this.#inner?.refuse(refusal);
  }

  abandon(): void {
    this.#flight?.waiting.delete(this);
    this.#flight = undefined;
    this.#visit.booking.release(false);
    this.#inner?.abandon();
    this.#fetch?.leave();
    this.#visit.left(499, 0, 'client left');
  }

  expire(): void {
    if (!this.#flight) {
      this.#inner?.expire();
      return;
    }
    this.#flight.waiting.delete(this);
    this.#look(false);
  }

  clientDrained(): void {
    this.#inner?.clientDrained();
  }

  /** What it waited for is there, or will not come. */
  fetched(outcome: Outcome): void {
    // Its client may have left together with that of another.
    if (!this.#flight) return;
    const { side } = this.#visit;
    const mayWait = outcome === 'lost' && this.#waitUntil > side.edge.sweeper.now;
    side.channel.guard(() => this.#look(mayWait));
  }

  get #now(): number {
    return this.#visit.side.edge.sweeper.now;
  }

  #look(mayWait: boolean): void {
    this.#flight = undefined;
    const { head } = this.#visit;
    const { key, told, crowd, directives } = this.#asked;
    const kept = this.#cache.store.find(key, told, head.fields);
    const use = kept && useOf(kept, this.#asked, this.#now);
    if (kept && use !== 'ask') {
      if (use === 'behind') refresh(this.#visit, this.#cache, this.#asked, kept);
      this.#give(kept, `hit; ttl=${ttl(kept, this.#now)}`, use === 'fresh' ? 'hit' : 'stale');
      return;
    }
    if (directives.onlyIfCached) {
      this.#visit.arrived();
      this.#visit.say({ status: 504, message: 'No answer to this is kept here', extra: '' }, true);
      return;
    }
    if (mayWait && this.#waitsFor(this.#cache.flight(crowd))) return;
    this.#ask(kept);
  }

  /** Only those wait that would be content with any fresh answer. */
  #waitsFor(flight: Flight | undefined): boolean {
    const { noCache, maxAge, minFresh } = this.#asked.directives;
    if (!flight || flight.full || noCache !== false || maxAge !== undefined || minFresh !== undefined)
      return false;
    if (this.#waitUntil === 0) this.#waitUntil = this.#now + WAIT_MS;
    const until = Math.min(this.#waitUntil, flight.until);
    if (until <= this.#now || this.#cache.isHopeless(flight.crowd, this.#now)) return false;
    this.#flight = flight;
    flight.waiting.add(this);
    this.#visit.side.deadline = until;
    return true;
  }

  hurry(until: number): void {
    const { side } = this.#visit;
    side.deadline = Math.min(side.deadline, until);
  }

  #ask(kept: Stored | undefined): void {
    const { head, side, booking } = this.#visit;
    const { crowd } = this.#asked;
    booking.cache = 'miss';
    if (head.method !== 'GET') {
      this.#exchange(new Exchange(side, head, true, this.#visit));
      return;
    }
    // Who asks for a part, or with conditions, gets an answer that may be for nobody else.
    const mayLead = (kept !== undefined || isPlain(head)) && !this.#cache.flight(crowd);
    const flight = mayLead ? this.#cache.takeOff(crowd) : undefined;
    const request = kept ? asking(head, kept) : head;
    if (kept) booking.hold();
    this.#fetch = new Fetch(
      side,
      { cache: this.#cache, asked: this.#asked, request, stale: kept },
      {
        passing: () => booking.release(true),
        instead: (stale, status, keep) => this.#instead(stale, status, keep),
        enough: () => this.#inner?.abandon(),
        mistaken: () => {
          booking.release(false);
          this.#ask(undefined);
        },
        begun: (now) => flight?.begun(now),
        settled: (outcome) => flight && this.#cache.land(flight, outcome),
      },
    );
    this.#exchange(new Exchange(this.#fetch, request, true, this.#visit));
  }

  #exchange(exchange: Exchange): void {
    this.#inner = exchange;
    exchange.begin(NOTHING, 0, 0);
  }

  #instead(kept: Stored, status: number, keep: boolean): void {
    this.#visit.booking.release(false);
    const forwarded = `fwd=stale${status > 0 ? `; fwd-status=${status}` : ''}`;
    if (status === 304) this.#give(kept, forwarded, 'revalidated', keep);
    else this.#give(kept, `${forwarded}; detail=stale-if-error`, 'stale', keep);
  }

  #give(kept: Stored, status: string, outcome: 'hit' | 'stale' | 'revalidated', keep = true): void {
    this.#visit.booking.cache = outcome;
    const answer = new KeptAnswer(this.#visit, kept, status, keep && this.#visit.keeps(true));
    this.#inner = answer;
    answer.begin();
  }
}

/** For so many seconds more it is fresh; less than 0: it is not. */
function ttl({ freshness }: Stored, now: number): number {
  return Math.floor(freshness.lifetime - ageAt(freshness, now));
}
