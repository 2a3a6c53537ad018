/** Which slots of an app a server in front is to send requests to. Pure. */

export interface SlotView {
  readonly slot: number;
  /** Requests for its port are answered by a process that works. */
  readonly ready: boolean;
  /** It has given up. */
  readonly failed: boolean;
}

/** A slot that works again within this time was only restarted: requests for it wait that long, in the kernel. */
export const GRACE_MS = 2000;

export interface Listing {
  /** In order. */
  readonly slots: readonly number[];
  /** When it is to be looked at again though nothing has happened; null = not. */
  readonly againAt: number | null;
  /** Since when slots that were listed are not ready. */
  readonly lostSince: ReadonlyMap<number, number>;
}

/**
 * Those that are ready, and for a while those that were. When none is, all: a request that waits is better than one that fails.
 *
 * @param wanted what there is of the slots that shall have an instance
 */
export function listed(wanted: readonly SlotView[], before: Listing | undefined, now: number): Listing {
  const lostSince = new Map<number, number>();
  const anyReady = wanted.some(({ ready }) => ready);
  const slots = wanted.flatMap(({ slot, ready, failed }) => {
    if (ready || !anyReady) return [slot];
    if (failed || !before?.slots.includes(slot)) return [];
    const since = before.lostSince.get(slot) ?? now;
    if (now - since >= GRACE_MS) return [];
    lostSince.set(slot, since);
    return [slot];
  });
  const againAt = lostSince.size === 0 ? null : Math.min(...lostSince.values()) + GRACE_MS;
  return { slots: slots.sort((a, b) => a - b), againAt, lostSince };
}
