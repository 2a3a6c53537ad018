/** Ends a deploy that is under way on this machine, whoever has begun it, and wherever that is. */
import { existsSync } from 'node:fs';
import { takeLock } from '../../kit/lock.ts';
import type { PromotionView } from '../../protocol/release.ts';
import type { ReleasePaths } from '../paths.ts';

export interface Promotions {
  releases(): Promise<PromotionView[]>;
  abortPromotion(project: string): Promise<unknown>;
}

/** @param daemon null = none runs, so nothing is promoted */
export async function giveUpDeploy(
  { lock: dir }: ReleasePaths,
  project: string,
  daemon: Promotions | null,
): Promise<'promotion' | 'making' | 'nothing'> {
  const view = (await daemon?.releases())?.find((one) => one.project === project);
  if (daemon && view?.promotion) {
    await daemon.abortPromotion(project);
    return 'promotion';
  }
  if (!existsSync(dir)) return 'nothing';
  const lock = takeLock(dir, 'deploy');
  if (!('owner' in lock)) {
    lock.release();
    return 'nothing';
  }
  // It ends what it has started, and writes down that it was given up.
  process.kill(lock.owner.pid, 'SIGTERM');
  return 'making';
}
