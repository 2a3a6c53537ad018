/** What the daemon does with the releases of a project just now: it goes on with a promotion when whoever began it is gone. */
import { connectIfRunning } from '../client/connect.ts';
import { HoldfastError } from '../errors.ts';
import type { PromotionView } from '../protocol/release.ts';
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
