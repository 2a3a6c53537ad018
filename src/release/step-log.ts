/** What a deploy does, step by step: kept in the release's record, and told to whoever looks on. */
import { asHoldfastError, HoldfastError } from '../errors.ts';
import type { Clock } from '../kit/clock.ts';
import type { ReleaseOutcome, ReleaseRecord, StepRecord } from '../protocol/release.ts';
import type { StepName } from '../protocol/release-rules.ts';
import type { RecordFiles } from './records.ts';

export interface StepLogOptions {
  readonly clock: Clock;
  readonly records: RecordFiles;
  readonly record: ReleaseRecord;
  readonly onStep: (step: StepRecord) => void;
}

/** What a step that goes well says of itself. */
export interface StepReport {
  /** One line for people. */
  note: string | null;
  /** There was nothing to do. */
  skipped: boolean;
}

export class StepLog {
  readonly #options: StepLogOptions;
  #record: ReleaseRecord;

  constructor(options: StepLogOptions) {
    this.#options = options;
    this.#record = options.record;
    options.records.write(this.#record);
  }

  get record(): ReleaseRecord {
    return this.#record;
  }

  set(change: Partial<ReleaseRecord>): void {
    this.#record = { ...this.#record, ...change };
    this.#options.records.write(this.#record);
  }

  /** @throws HoldfastError what the step failed with, which is in the record by then */
  async run<T>(name: StepName, action: (report: StepReport) => Promise<T> | T): Promise<T> {
    const { clock } = this.#options;
    const start = clock.now();
    const step: StepRecord = {
      name,
      startedAt: new Date(start).toISOString(),
      tookMs: null,
      outcome: 'running',
      note: null,
    };
    this.#put(step);
    try {
      const report: StepReport = { note: null, skipped: false };
      const value = await action(report);
      const { note, skipped } = report;
      this.#put({ ...step, tookMs: clock.now() - start, outcome: skipped ? 'skipped' : 'done', note });
      return value;
    } catch (error) {
      const { message } = asHoldfastError(error);
      this.#put({ ...step, tookMs: clock.now() - start, outcome: 'failed', note: message }, true);
      throw atStep(name, error);
    }
  }

  /** It comes to nothing. */
  fail(outcome: Extract<ReleaseOutcome, 'failed' | 'abandoned'>, reason: string): void {
    this.#setAfterFailure({ outcome, reason });
  }

  #put(step: StepRecord, failed = false): void {
    const others = this.#record.steps.filter(({ name }) => name !== step.name);
    const change = { steps: [...others, step] };
    if (failed) this.#setAfterFailure(change);
    else this.set(change);
    this.#options.onStep(step);
  }

  /** What has failed is what is to be told, also when it was a full disk, which fails this, too. The next deploy finds it given up. */
  #setAfterFailure(change: Partial<ReleaseRecord>): void {
    try {
      this.set(change);
    } catch {}
  }
}

function atStep(name: StepName, error: unknown): HoldfastError {
  const { code, message, hint, details } = asHoldfastError(error);
  return new HoldfastError(code, `The step ${name} failed: ${message}`, { hint, details, cause: error });
}
