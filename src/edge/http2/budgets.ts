/**
 * What one connection may do beside asking for things. Browsers stay far below: one that leaves a page with a map cancels some
 * hundreds of requests at once.
 */
import { Budget } from './budget.ts';

export class Budgets {
  /** Requests that the client took back before they were answered ("rapid reset", CVE-2023-44487). */
  readonly cancels = new Budget(2_000, 200);
  /** Streams that had to be reset for what the client did on them ("MadeYouReset", CVE-2025-8671). */
  readonly faults = new Budget(200, 20);
  /** Streams beyond the number that was agreed on: before it was, a client may begin with many. */
  readonly refusals = new Budget(2_000, 200);
  readonly pings = new Budget(1_000, 100);
  readonly settings = new Budget(50, 5);
  /** PRIORITY, and frames that mean nothing to us. */
  readonly idleWords = new Budget(1_000, 100);
  readonly windowUpdates = new Budget(5_000, 500);
  /** DATA without any. */
  readonly emptyData = new Budget(100, 10);

  /** An answer has been given: that was no flood. */
  answered(): void {
    this.cancels.add(1);
    this.idleWords.add(2);
  }

  /** A frame of DATA went out: it may be acknowledged, and its time measured. */
  sentData(): void {
    this.windowUpdates.add(4);
    this.pings.add(1);
  }
}

export type BudgetName = Exclude<keyof Budgets, 'answered' | 'sentData'>;
