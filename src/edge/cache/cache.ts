/** The cache of one site: what is kept, what is being fetched, and who waits for that. */
import type { CacheRules } from '../../protocol/traffic-rules.ts';
import { Recording } from './recording.ts';
import { Store } from './store.ts';

/** An answer that has begun comes as fast as its own client reads: nobody is to be held up by one that does not. */
const BODY_MS = 1_000;
/** In one crowd. More go to the app, as without a cache. */
const WAITING_MAX = 1_000;
/** What could not be kept is not waited for again so soon. */
const HOPELESS_MS = 10_000;
const HOPELESS_MAX = 10_000;
/** Of the whole, for answers that are on their way and may turn out to be too large. */
const UNFINISHED_SHARE = 0.5;

/** `lost`: it came to nothing, and the next one should try. `unkept`: it is for nobody else. */
export type Outcome = 'kept' | 'unkept' | 'lost';

/** Waits for a fetch that another request has begun. */
export interface Waiter {
  /** The answer has begun: it does not wait longer than until then. */
  hurry(until: number): void;
  fetched(outcome: Outcome): void;
}

export class Flight {
  readonly crowd: string;
  readonly waiting = new Set<Waiter>();
  /** Nobody waits longer. */
  until = Infinity;

  constructor(crowd: string) {
    this.crowd = crowd;
  }

  begun(now: number): void {
    this.until = now + BODY_MS;
    for (const waiter of this.waiting) waiter.hurry(this.until);
  }

  get full(): boolean {
    return this.waiting.size >= WAITING_MAX;
  }
}

export class Cache {
  readonly store: Store;
  readonly rules: CacheRules;
  readonly #flights = new Map<string, Flight>();
  readonly #recordings = new Set<Recording>();
  /** Of all of them. */
  #unfinishedBytes = 0;
  /** Crowd -> until when; the oldest first. */
  readonly #hopeless = new Map<string, number>();

  constructor(rules: CacheRules) {
    this.rules = rules;
    this.store = new Store(rules.totalBytes);
  }

  /** @param crowd of requests, see Asked */
  flight(crowd: string): Flight | undefined {
    return this.#flights.get(crowd);
  }

  /** Begins a fetch that others may wait for. */
  takeOff(crowd: string): Flight {
    const flight = new Flight(crowd);
    this.#flights.set(crowd, flight);
    return flight;
  }

  land(flight: Flight, outcome: Outcome): void {
    if (this.#flights.get(flight.crowd) === flight) this.#flights.delete(flight.crowd);
    const waiting = [...flight.waiting];
    flight.waiting.clear();
    for (const waiter of waiting) waiter.fetched(outcome);
  }

  /** Begins to keep an answer to a request that is sent now. */
  record(key: string): Recording {
    const recording = new Recording(key, this.rules.entryBytes, {
      take: (bytes) => {
        if (this.#unfinishedBytes + bytes > this.rules.totalBytes * UNFINISHED_SHARE) return false;
        this.#unfinishedBytes += bytes;
        return true;
      },
      over: (bytes) => {
        this.#unfinishedBytes -= bytes;
        this.#recordings.delete(recording);
      },
    });
    this.#recordings.add(recording);
    return recording;
  }

  /** Something has changed at this address: neither what is kept nor what is on its way is right any more. */
  forget(key: string): void {
    this.store.forget(key);
    for (const recording of [...this.#recordings]) if (recording.key === key) recording.drop();
  }

  /** How many answers that were. */
  clear(): number {
    for (const recording of [...this.#recordings]) recording.drop();
    return this.store.clear();
  }

  despair(crowd: string, now: number): void {
    this.#hopeless.delete(crowd);
    this.#hopeless.set(crowd, now + HOPELESS_MS);
    const [oldest] = this.#hopeless.keys();
    if (this.#hopeless.size > HOPELESS_MAX && oldest !== undefined) this.#hopeless.delete(oldest);
  }

  hope(crowd: string): void {
    this.#hopeless.delete(crowd);
  }

  isHopeless(crowd: string, now: number): boolean {
    return (this.#hopeless.get(crowd) ?? 0) > now;
  }
}
