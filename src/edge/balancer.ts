/** Which of several targets gets the next request. Pure. */
export interface Choice {
  readonly slot: string;
  readonly requests: number;
  readonly tunnels: { readonly size: number };
  /** Of what it would get otherwise: less than 1 while it is new. */
  readonly share: number;
  /** It refused a connection just now. */
  readonly avoided: boolean;
  /** It has failed again and again: only if there is nothing else. */
  readonly out: boolean;
}

/** What is added to the load of those that are chosen only if there is nothing better; requests in flight are fewer. */
const LATER = 1e6;
const AVOIDED = 1e9;
const OUT = 1e12;
/** Its multiples spread evenly between 0 and 1 whatever the number of targets (the golden ratio). */
const SPREAD = 0.618_033_988_749_895;

/**
 * The target with the fewest requests in flight (for a WebSocket: with the fewest WebSockets, because idle ones say
 * nothing about the load of requests). Equals take turns: `turn` is where to begin. One with a share of 0.3 may take part in three of
 * ten turns, and is busy with 0.3 of what would make others busy: with little load the first keeps its share, with much the second.
 */
export function leastBusy<T extends Choice>(
  targets: readonly T[],
  webSocket: boolean,
  turn: number,
): T | undefined {
  let best: T | undefined;
  let least = Number.POSITIVE_INFINITY;
  const count = targets.length;
  for (let i = 0; i < count; i++) {
    const target = targets[(turn + i) % count] as T;
    let load = webSocket ? target.tunnels.size : target.requests;
    const { share } = target;
    if (share < 1) load = load / share + ((turn * SPREAD) % 1 < share ? 0 : LATER);
    if (target.avoided) load += AVOIDED;
    if (target.out) load += OUT;
    if (load < least) {
      least = load;
      best = target;
    }
  }
  return best;
}

/**
 * The target that a key always leads to (rendezvous hashing by slot): a replaced instance keeps its clients, and one
 * that comes or goes moves only its own share.
 */
export function byKey<T extends Choice>(targets: readonly T[], key: string): T | undefined {
  let best: T | undefined;
  let highest = -1;
  for (const target of targets) {
    const weight =
      hash(`${key} ${target.slot}`) - (target.avoided ? AVOIDED * 10 : 0) - (target.out ? OUT : 0);
    if (best === undefined || weight > highest) {
      highest = weight;
      best = target;
    }
  }
  return best;
}

/** FNV-1a with a final mix, 32 bit. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value ^= value >>> 16;
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  return value >>> 0;
}
