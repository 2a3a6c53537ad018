/**
 * Keeps the edge from being killed for its memory: when there is too much of it in use, it takes less work, in steps, and
 * takes all again when there is room.
 */

/** What it does, besides emptying caches: nothing; closes connections that wait for their next request; turns requests away; and connections, too. */
export type Shedding = 'nothing' | 'idle' | 'requests' | 'connections';

export interface Usage {
  readonly rss: number;
  readonly heapUsed: number;
  /** With the array buffers. */
  readonly external: number;
}

/** What a connection takes besides, in the kernel's library and in OpenSSL; a generous guess. */
const CONNECTION_BYTES = 32 * 1024;
/** Of the limit, where a step begins. It ends `SLACK` of the limit below that. */
const steps = [
  ['connections', 1.15],
  ['requests', 1],
  ['idle', 0.85],
] as const;
const SLACK = 0.1;
/** Between two times that garbage is collected on purpose; sooner when most connections have gone, and left theirs. */
const COLLECT_EVERY_MS = 30_000;
const COLLECT_AGAIN_MS = 5_000;

export interface MemoryOptions {
  usage(): Usage;
  connections(): number;
  /** Throws out the answers that caches keep: these are asked for again, and nobody is turned away. How many that were. */
  clearCaches(): number;
  /** Collects garbage, so that what is in use can be told from what is not. */
  collect(): void;
  /** Says something once at the beginning of an episode, and once at its end. */
  notice(text: string): void;
}

export class MemoryGuard {
  shedding: Shedding = 'nothing';
  /** Requests and connections that were turned away. */
  turnedAway = 0;
  readonly #options: MemoryOptions;
  #peak = 0;
  #collectedAt = Number.NEGATIVE_INFINITY;
  /** When garbage was collected because caches had been emptied. */
  #clearedAt = Number.NEGATIVE_INFINITY;
  /** Connections then. */
  #connections = 0;
  #said = false;

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  /** Looks how it is; to be called about once a second. @param limit in bytes; 0 = none */
  look(limit: number, now: number): void {
    let used = limit === 0 ? 0 : this.#inUse();
    this.#peak = Math.max(this.#peak, used);
    let step = stepFor(used / (limit || 1), this.shedding);
    if (step !== 'nothing' && this.#emptiedCaches(now)) {
      used = this.#inUse();
      step = stepFor(used / limit, this.shedding);
    }
    this.shedding = step;
    if (this.shedding === 'nothing') {
      if (this.#said) this.#sayEnd(used);
      this.#said = false;
      this.#peak = 0;
      this.turnedAway = 0;
      return;
    }
    if (this.shedding === 'idle') return;
    if (!this.#said) this.#sayBegin(used, limit);
    this.#said = true;
    const connections = this.#options.connections();
    const pause = connections < this.#connections / 2 ? COLLECT_AGAIN_MS : COLLECT_EVERY_MS;
    if (now - this.#collectedAt < pause) return;
    this.#collectedAt = now;
    this.#connections = connections;
    this.#options.collect();
  }

  /** Whether that may have made room. They fill again, and to collect garbage takes time: not each time. */
  #emptiedCaches(now: number): boolean {
    const { clearCaches, collect } = this.#options;
    if (clearCaches() === 0 || now - this.#clearedAt < COLLECT_EVERY_MS) return false;
    this.#clearedAt = now;
    collect();
    return true;
  }

  /**
   * What the process has, unless most of that is only what its allocator keeps after a flood, and will use again: then twice
   * of what is known to be in use.
   */
  #inUse(): number {
    const { rss, heapUsed, external } = this.#options.usage();
    const known = heapUsed + external + this.#options.connections() * CONNECTION_BYTES;
    return Math.min(rss, 2 * known);
  }

  #sayBegin(used: number, limit: number): void {
    const connections = this.#options.connections();
    this.#options.notice(
      `${mb(used)} MB of memory are in use, and the limit is ${mb(limit)} MB: new requests get 503 until there is room ` +
        `(${connections} connections are open; edge.limits.memory is the setting)`,
    );
  }

  #sayEnd(used: number): void {
    this.#options.notice(
      `memory is in order again: ${mb(used)} MB are in use, at most it were ${mb(this.#peak)} MB; ` +
        `${this.turnedAway} requests and connections were turned away`,
    );
  }
}

/** @param part of the limit that is in use */
function stepFor(part: number, before: Shedding): Shedding {
  for (const [step, begin] of steps) {
    if (part >= begin) return step;
    // Who is in a step stays until there is some room, so that it does not come and go.
    if (step === before && part >= begin - SLACK) return step;
  }
  return 'nothing';
}

function mb(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
