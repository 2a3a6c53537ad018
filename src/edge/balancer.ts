/** Which of several targets gets the next request. Pure but for the turn counter. */
export interface Choice {
  readonly slot: string;
  readonly requests: number;
  readonly tunnels: { readonly size: number };
  readonly avoided: boolean;
}

/**
 * The target with the fewest requests in flight (for a WebSocket: with the fewest WebSockets, because idle ones say
 * nothing about the load of requests). Equals take turns: `turn` is where to begin.
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
    const load = (webSocket ? target.tunnels.size : target.requests) + (target.avoided ? 1e9 : 0);
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
    const weight = hash(`${key} ${target.slot}`);
    if (weight > highest && !target.avoided) {
      highest = weight;
      best = target;
    }
  }
  return best ?? targets[0];
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
