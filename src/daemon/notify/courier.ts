/** Brings messages to one place, one after the other: again when it fails, later and later, and never more than so many at a time. */
import type { Clock } from '../../kit/clock.ts';

/** What became of one try. `retryAfterMs`: the place says when to come again. */
export type Outcome =
  | { readonly kind: 'arrived'; readonly said: string }
  | { readonly kind: 'refused'; readonly said: string }
  | { readonly kind: 'failed'; readonly said: string; readonly retryAfterMs?: number };

export interface CourierOptions {
  readonly clock: Clock;
  bring(body: string): Promise<Outcome>;
  /** These did not arrive, and are not tried again. */
  onLost(count: number, said: string): void;
}

export const PAUSES_MS = [1000, 5000, 30_000, 120_000, 300_000, 600_000] as const;
const LONGEST_PAUSE_MS = 600_000;
const MOST_WAITING = 100;

export class Courier {
  readonly #options: CourierOptions;
  readonly #waiting: string[] = [];
  #dropped = 0;
  #isBusy = false;
  #isClosed = false;
  #tries = 0;
  #cancel: () => void = () => {};

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  take(body: string): void {
    if (this.#isClosed) return;
    this.#waiting.push(body);
    // The oldest are of least use by then; the first may be on its way.
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.splice(1, 1);
      this.#dropped += 1;
    }
    if (!this.#isBusy) void this.#go();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#cancel();
  }

  async #go(): Promise<void> {
    const [body] = this.#waiting;
    this.#isBusy = body !== undefined;
    if (body === undefined) return;
    const outcome = await this.#options.bring(body);
    if (this.#isClosed) return;
    const pause = PAUSES_MS[this.#tries];
    if (outcome.kind === 'failed' && pause !== undefined) {
      this.#tries += 1;
      const ms = Math.min(LONGEST_PAUSE_MS, Math.max(pause, outcome.retryAfterMs ?? 0));
      this.#cancel = this.#options.clock.after(ms, () => void this.#go());
      return;
    }
    this.#waiting.shift();
    this.#tries = 0;
    const lost = this.#dropped + (outcome.kind === 'arrived' ? 0 : 1);
    this.#dropped = 0;
    if (lost > 0)
      this.#options.onLost(lost, outcome.kind === 'arrived' ? 'there were too many' : outcome.said);
    await this.#go();
  }
}
