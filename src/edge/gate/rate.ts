/**
 * How often each of many clients comes: a token bucket for each, as the one number that GCRA needs (the time when the
 * bucket will be full again). The numbers are integers, so that nothing is gained or lost over time.
 */
import type { RateRule } from '../../protocol/traffic-rules.ts';

/** Clients of one rule that are told apart. About 100 bytes each. */
const KEYS_MAX = 100_000;
/**
 * Buckets that clients share for whom there is no room: nobody who is known is forgotten for somebody new. Which one is theirs
 * must not be what they choose themselves, or one of them fills all buckets.
 */
const CROWD = 4096;

type Amount = Pick<RateRule, 'requests' | 'perMs' | 'burst'>;

export class Rate {
  /** Units of time: one µs is this many. */
  readonly #unitsPerUs: number;
  /** Units that one request takes. */
  readonly #cost: number;
  /** Units that the bucket holds. */
  readonly #depth: number;
  readonly #keysMax: number;
  readonly #crowd = new Map<number, number>();
  /** By client: when its bucket is full again. In `#older` are those that nobody has touched for some time. */
  #newer = new Map<string, number>();
  #older = new Map<string, number>();
  #turnAt = 0;

  constructor({ requests, perMs, burst }: Amount, keysMax = KEYS_MAX) {
    const perUs = Math.round(perMs * 1000);
    const common = divisor(requests, perUs);
    this.#unitsPerUs = requests / common;
    this.#cost = perUs / common;
    this.#depth = this.#cost * Math.max(1, burst);
    this.#keysMax = keysMax;
  }

  /** Clients that it remembers. */
  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  /**
   * How long, in ms, until this client may come; 0 = now. Changes nothing.
   * @param nowMs of a clock that only goes forward
   * @param network from where it comes: shares a bucket when there is no room for more clients
   */
  wait(key: string, nowMs: number, network = key): number {
    const now = this.#units(nowMs);
    const over = Math.max(this.#fullAt(key, network), now) + this.#cost - now - this.#depth;
    return over > 0 ? over / this.#unitsPerUs / 1000 : 0;
  }

  /** Counts a request of this client. */
  count(key: string, nowMs: number, network = key): void {
    const now = this.#units(nowMs);
    this.#turn(now);
    const fullAt = Math.max(this.#fullAt(key, network), now) + this.#cost;
    if (!this.#has(key) && this.size >= this.#keysMax) this.#crowd.set(slotOf(network), fullAt);
    else {
      this.#older.delete(key);
      this.#newer.set(key, fullAt);
    }
  }

  #fullAt(key: string, network: string): number {
    const known = this.#newer.get(key) ?? this.#older.get(key);
    return known ?? (this.size >= this.#keysMax ? this.#crowd.get(slotOf(network)) : undefined) ?? 0;
  }

  #has(key: string): boolean {
    return this.#newer.has(key) || this.#older.has(key);
  }

  /** Forgets those whose buckets have been full for long: after the time in which an empty one fills. */
  #turn(now: number): void {
    if (now < this.#turnAt) return;
    const late = now >= this.#turnAt + this.#depth;
    this.#older = late ? new Map() : this.#newer;
    this.#newer = new Map();
    this.#turnAt = now + this.#depth;
  }

  #units(ms: number): number {
    return Math.floor(ms * 1000) * this.#unitsPerUs;
  }
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** FNV-1a. */
function slotOf(key: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) value = Math.imul(value ^ key.charCodeAt(i), 0x01000193);
  return (value >>> 0) % CROWD;
}
