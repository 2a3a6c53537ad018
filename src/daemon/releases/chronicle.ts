/** What becomes of a promotion, told: in the journal, and in the records of the releases that it is about. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseRecord } from '../../protocol/release.ts';
import { RecordFiles } from '../../release/records.ts';
import type { Journal } from '../journal.ts';
import { outcomeOf } from './machine.ts';
import type { Failure, Promotion } from './promotion.ts';
import { fallen, replaced, restored, served, stepBegun, stepEnded, stopped } from './record-changes.ts';
import { type Note, shareOf } from './steps.ts';

export function recordsIn(root: string): RecordFiles {
  return new RecordFiles(`${root}/records`);
}

export class Chronicle {
  readonly #journal: Pick<Journal, 'record'>;
  readonly #now: () => number;

  constructor(journal: Pick<Journal, 'record'>, now: () => number) {
    this.#journal = journal;
    this.#now = now;
  }

  /** A step begins. */
  begun(promotion: Promotion): void {
    const { step, release, plan } = promotion;
    this.#write(promotion, release, stepBegun(step, this.#now()));
    if (step === 'trial') this.#tell(promotion, 'release.trying');
    if (step === 'canary') this.#tell(promotion, 'release.canary', { share: shareOf(promotion) });
    if (step === 'rollout') this.#tell(promotion, 'release.rolling');
    if (step === 'bake') {
      this.#tell(promotion, 'release.baking', { forMs: plan.release.bakeMs });
      this.#replaceLast(promotion);
    }
  }

  /** And ends. */
  ended(promotion: Promotion, outcome: 'done' | 'skipped' | 'failed', note: Note): void {
    const { step, release } = promotion;
    if (step !== 'rollback') this.#write(promotion, release, stepEnded(step, outcome, note, this.#now()));
  }

  serves(promotion: Promotion): void {
    const { release, step, kind } = promotion;
    const last = lastOf(promotion);
    this.#write(promotion, release, served(this.#now()));
    if (step !== 'bake') this.#replaceLast(promotion);
    if (kind === 'deploy' || last === null) this.#tell(promotion, 'release.promoted');
    else
      this.#tell(
        { ...promotion, release: last },
        'release.rolled-back',
        { to: release },
        'a person wanted it',
      );
  }

  fell(promotion: Promotion, failure: Failure): void {
    const { release, kind } = promotion;
    const last = lastOf(promotion);
    this.#write(promotion, release, fallen(kind, failure));
    keepOutput(promotion, failure);
    if (last !== null && failure.step === 'bake') this.#write(promotion, last, restored());
    const told = outcomeOf(failure) === 'rolledBack' ? 'release.rolled-back' : 'release.failed';
    const to = last === null ? {} : { to: last };
    this.#tell(promotion, told, { step: failure.step, ...to }, failure.reason);
  }

  /** All of its project is taken down. */
  stopped(root: string, release: string): void {
    this.#write({ root }, release, stopped(this.#now()));
  }

  #replaceLast(promotion: Promotion): void {
    const { kind, release } = promotion;
    const last = lastOf(promotion);
    if (last !== null) this.#write(promotion, last, replaced(kind, release, this.#now()));
  }

  /** What cannot be written down must not stop a promotion. */
  #write(
    { root }: Pick<Promotion, 'root'>,
    release: string,
    change: (record: ReleaseRecord) => ReleaseRecord,
  ): void {
    try {
      recordsIn(root).update(release, change);
    } catch {
      // The journal says what happened, too.
    }
  }

  #tell(
    { release, plan: { project }, by }: Promotion,
    type: Parameters<Journal['record']>[0],
    data: Readonly<Record<string, unknown>> = {},
    reason?: string,
  ): void {
    this.#journal.record(type, {
      ...(reason !== undefined && { reason }),
      data: { project, release, ...(by !== null && { by }), ...data },
    });
  }
}

/** Where the output of the other steps of a release is, too. */
function keepOutput({ root, release }: Promotion, { step, reason, details }: Failure): void {
  try {
    const file = join(recordsIn(root).dirOf(release), `${step}.log`);
    appendFileSync(file, `${[reason, ...details].join('\n')}\n`, { mode: 0o600 });
  } catch {
    // A release without a record has none.
  }
}

/** What served when it began, unless it was the same. */
function lastOf({ from, release }: Promotion): string | null {
  const last = from.serving?.release ?? null;
  return last === release ? null : last;
}
