/**
 * How many requests may be sent to an app once more. Each request adds a share of a retry, and time adds some; what is
 * not used melts away, so that a quiet hour does not become a storm of retries.
 */
import type { RetryRules } from '../../protocol/traffic-rules.ts';

/** What comes in lasts about this long: the balance tends to what ten seconds bring. */
const MEMORY_S = 10;

export class RetryBudget {
  #rules: RetryRules;
  #balance: number;
  /** In ms. */
  #at: number;

  /** Begins with what it would have without any requests. */
  constructor(rules: RetryRules, now: number) {
    this.#rules = rules;
    this.#balance = rules.perSecond * MEMORY_S;
    this.#at = now;
  }

  /** Other rules from now on. */
  follow(rules: RetryRules): void {
    const { share, perSecond } = this.#rules;
    if (rules.share !== share || rules.perSecond !== perSecond) this.#balance = rules.perSecond * MEMORY_S;
    this.#rules = rules;
  }

  /** A request is sent, for the first time. */
  earn(): void {
    this.#balance += this.#rules.share;
  }

  /** Whether a request may be sent once more; if so, that is paid for. */
  spend(now: number): boolean {
    this.melt(now);
    if (this.#balance < 1) return false;
    this.#balance -= 1;
    return true;
  }

  /** Lets the time pass that is over. Now and then, at least: before it the balance only grows. */
  melt(now: number): void {
    const seconds = (now - this.#at) / 1_000;
    if (seconds <= 0) return;
    this.#at = now;
    const rest = this.#rules.perSecond * MEMORY_S;
    this.#balance = rest + (this.#balance - rest) * Math.exp(-seconds / MEMORY_S);
  }
}
