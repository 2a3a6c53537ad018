/** Releases whose maker was killed, or lost its machine, on the way: they are told as given up, and what still runs for them ends. */
import { readFileSync } from 'node:fs';
import type { RecordFiles } from './records.ts';
import { endRunning } from './run-program.ts';

/** To be called by whoever has the lock: nobody else makes a release then. Returns the ids. */
export function giveUpAbandoned(records: RecordFiles): string[] {
  const left = records.list().filter(({ outcome }) => outcome === 'making' || outcome === 'made');
  for (const { id } of left) {
    endRunning(records.dirOf(id), (path) => readFileSync(path, 'utf8'));
    records.update(id, (old) => ({
      ...old,
      outcome: 'abandoned',
      reason: 'whoever made it ended before it was done',
      steps: old.steps.map((step) => (step.outcome === 'running' ? { ...step, outcome: 'failed' } : step)),
    }));
  }
  return left.map(({ id }) => id);
}
