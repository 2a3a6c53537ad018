/** What the daemon does with the releases of a project just now: it goes on with a promotion when whoever began it is gone. */
import { connectIfRunning } from '../client/connect.ts';
import { HoldfastError } from '../errors.ts';
import type { PromotionView, ReleaseNames } from '../protocol/release.ts';
import type { ReleasePaths } from './paths.ts';

/** Null: nothing of the project serves, since no daemon runs, or none knows it. */
export async function lookAtReleases(
  { home }: Pick<ReleasePaths, 'home'>,
  project: string,
): Promise<PromotionView | null> {
  const client = await connectIfRunning(home);
  if (!client) return null;
  try {
    return (await client.releases()).find((one) => one.project === project) ?? null;
  } finally {
    client.close();
  }
}

/**
 * In the first moments of a deploy, before anything is installed or built. Does nothing when no daemon runs; and what cannot be asked
 * now is asked when the release is promoted.
 *
 * @throws HoldfastError APP_EXISTS when an app or a site of these names belongs to another project, or to nobody
 */
export async function refuseTakenNames(
  { home }: Pick<ReleasePaths, 'home'>,
  project: string,
  names: ReleaseNames,
): Promise<void> {
  const client = await connectIfRunning(home);
  if (!client) return;
  try {
    await client.checkRelease(project, names);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'APP_EXISTS') throw error;
  } finally {
    client.close();
  }
}

/** @throws HoldfastError DEPLOY_LOCKED when a release of the project is being promoted */
export function refuseIfUnderWay(view: PromotionView | null): void {
  if (!view?.promotion) return;
  const { release, step } = view.promotion;
  throw new HoldfastError(
    'DEPLOY_LOCKED',
    `Another deploy of "${view.project}" is under way: release "${release}" is being promoted (${step})`,
    {
      hint: 'Wait until it is done. `hold deploy --abort` gives it up, `hold deploy --continue` lets it serve now',
    },
  );
}
