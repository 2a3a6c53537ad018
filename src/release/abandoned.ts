/** Releases whose maker was killed, or lost its machine, on the way: they are told as given up, and what still runs for them ends. */
import { readFileSync } from 'node:fs';
import { lockOwner } from '../kit/lock.ts';
import type { ReleaseRecord } from '../protocol/release.ts';
import type { ReleasePaths } from './paths.ts';
import type { RecordFiles } from './records.ts';
import { endRunning } from './run-program.ts';

/** It is made by somebody, or was. */
export function isUnfinished({ outcome }: Pick<ReleaseRecord, 'outcome'>): boolean {
  return outcome === 'making' || outcome === 'made';
}

/** The record as it is when nobody makes the release any more. */
export function asAbandoned(record: ReleaseRecord): ReleaseRecord {
  if (!isUnfinished(record)) return record;
  const { steps } = record;
  const step = steps.find(({ outcome }) => outcome === 'running') ?? steps.at(-1);
  const where =
    step === undefined ? '' : `${step.outcome === 'running' ? ' in step' : ' after step'} ${step.name}`;
  return {
    ...record,
    outcome: 'abandoned',
    reason: `abandoned${where}: whoever made it ended before it was done`,
    steps: steps.map((one) => (one.outcome === 'running' ? { ...one, outcome: 'failed' } : one)),
  };
}

/** To be called by whoever has the lock: nobody else makes a release then. Returns the ids. */
export function giveUpAbandoned(records: RecordFiles): string[] {
  const left = records.list().filter(isUnfinished);
  for (const { id } of left) {
    endRunning(records.dirOf(id), (path) => readFileSync(path, 'utf8'));
    records.update(id, asAbandoned);
  }
  return left.map(({ id }) => id);
}

/** As they are to be told: what says that it is made, and nobody makes, was abandoned. The next deploy writes it down. */
export function lookedAt(
  { lock }: Pick<ReleasePaths, 'lock'>,
  records: readonly ReleaseRecord[],
): readonly ReleaseRecord[] {
  return records.some(isUnfinished) && lockOwner(lock, 'deploy') === null
    ? records.map(asAbandoned)
    : records;
}
