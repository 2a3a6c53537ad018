/** How the streams ended that ended last: frames for them may still be on their way. */
const KEPT_MAX = 300;
/** A client that we have told of a reset is believed not to know it for this long. */
const OURS_MS = 10_000;
/** More than the budgets let us reset in that time. */
const OURS_MAX = 5_000;

/** `ours`: we have reset it, and the client may not know that yet. `over`: both know. */
export type Ending = 'ours' | 'over';

export class Recent {
  readonly #over = new Set<number>();
  /** By stream: when. Many that are over displace none of these. */
  readonly #ours = new Map<number, number>();

  /** @param now in ms */
  add(stream: number, ending: Ending, now: number): void {
    if (ending === 'over') {
      this.#over.add(stream);
      if (this.#over.size > KEPT_MAX) dropFirst(this.#over);
      return;
    }
    this.#over.delete(stream);
    this.#ours.set(stream, now);
    for (const [oldest, at] of this.#ours) {
      const tooMany = this.#ours.size > OURS_MAX;
      if (!tooMany && (this.#ours.size <= KEPT_MAX || now - at < OURS_MS)) return;
      this.#ours.delete(oldest);
    }
  }

  of(stream: number): Ending | undefined {
    if (this.#ours.has(stream)) return 'ours';
    return this.#over.has(stream) ? 'over' : undefined;
  }
}

function dropFirst(streams: Set<number>): void {
  for (const first of streams) {
    streams.delete(first);
    return;
  }
}
