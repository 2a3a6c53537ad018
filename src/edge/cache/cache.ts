/** The cache of one site: what is kept, what is being fetched, and who waits for that. */
import type { CacheRules } from '../../protocol/traffic-rules.ts';
import { Recording } from './recording.ts';
import { Store } from './store.ts';

/** Of one address. More go to the app, as without a cache. */
const WAITING_MAX = 1_000;
/** An address whose answer could not be kept is not waited for again so soon. */
const HOPELESS_MS = 10_000;
const HOPELESS_MAX = 10_000;
/** Of the whole, for answers that are on their way and may turn out to be too large. */
const UNFINISHED_SHARE = 0.5;

/** `lost`: it came to nothing, and the next one should try. `unkept`: it is for nobody else. */
export type Outcome = 'kept' | 'unkept' | 'lost';

/** Waits for a fetch that another request has begun. */
export interface Waiter {
  fetched(outcome: Outcome): void;
}

export class Flight {
  readonly key: string;
  readonly waiting = new Set<Waiter>();

  constructor(key: string) {
    this.key = key;
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
  /** Address -> until when; the oldest first. */
  readonly #hopeless = new Map<string, number>();

  constructor(rules: CacheRules) {
    this.rules = rules;
    this.store = new Store(rules.totalBytes);
  }

  flight(key: string): Flight | undefined {
    return this.#flights.get(key);
  }

  /** Begins a fetch that others may wait for. */
  takeOff(key: string): Flight {
    const flight = new Flight(key);
    this.#flights.set(key, flight);
    return flight;
  }

  land(flight: Flight, outcome: Outcome): void {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
    const waiting = [...flight.waiting];
    flight.waiting.clear();
    for (const waiter of waiting) waiter.fetched(outcome);
  }

  /** Begins to keep an answer to a request that is sent now. */
  record(key: string): Recording {
    const recording = new Recording(key, this.rules.entryBytes, {
      room: (bytes) => this.#unfinishedBytes + bytes <= this.rules.totalBytes * UNFINISHED_SHARE,
      over: () => this.#recordings.delete(recording),
    });
    this.#recordings.add(recording);
    return recording;
  }

  get #unfinishedBytes(): number {
    let sum = 0;
    for (const { bytes } of this.#recordings) sum += bytes;
    return sum;
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

  despair(key: string, now: number): void {
    this.#hopeless.delete(key);
    this.#hopeless.set(key, now + HOPELESS_MS);
    const [oldest] = this.#hopeless.keys();
    if (this.#hopeless.size > HOPELESS_MAX && oldest !== undefined) this.#hopeless.delete(oldest);
  }

  hope(key: string): void {
    this.#hopeless.delete(key);
  }

  isHopeless(key: string, now: number): boolean {
    return (this.#hopeless.get(key) ?? 0) > now;
  }
}
