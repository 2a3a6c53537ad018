/**
 * What a release is compared with must not be what a bad one has just done in the place of the good one: whoever deploys, fails and
 * deploys again would get through at the second attempt. Pure.
 */
import type { Failure, Past, ProjectReleases, Promotion } from './promotion.ts';

/** Until then there are new figures. */
const KEPT_MS = 600_000;
/** Fewer requests are nothing to compare with. */
const LITTLE = 20;

export function usualAfter(
  { past }: Promotion,
  failure: Failure | null,
  now: number,
): ProjectReleases['usual'] {
  return failure ? { past, until: now + KEPT_MS } : null;
}

export function usualPast({ usual }: Pick<ProjectReleases, 'usual'>, app: string, now: number): Past | null {
  const past = usual && now < usual.until ? usual.past[app] : undefined;
  return past && past.requests >= LITTLE ? past : null;
}
