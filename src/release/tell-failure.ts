/** A release that came to nothing before the daemon knew of it: told, so that the journal has it, and those hear of it whom `notify` names. */
import { connectNow } from '../client/connect.ts';
import type { ReleaseRecord } from '../protocol/release.ts';

const PATIENCE_MS = 5000;

/** Does nothing when no daemon runs; and that one cannot be told is no reason for another failure. @param home of Holdfast */
export async function tellFailure(
  home: string,
  { project, id, steps, reason, by }: ReleaseRecord,
): Promise<void> {
  try {
    const client = await connectNow(home);
    if (!client) return;
    try {
      const step = steps.findLast(({ outcome }) => outcome === 'failed')?.name ?? null;
      const failure = {
        release: id,
        step,
        reason: reason ?? '',
        by: `${by.user}@${by.host}${by.from ? ` from ${by.from}` : ''}`,
      };
      await client.releaseFailed(project, failure, { signal: AbortSignal.timeout(PATIENCE_MS) });
    } finally {
      client.close();
    }
  } catch {
    // The record has it, and whoever deploys is told anyway.
  }
}
