/** Which Nodes must stay: those of releases that are kept, and of all that runs. */
import type { AppPlan } from '../../config/plan.ts';
import type { ReleaseRecord } from '../../protocol/release.ts';

/** Absolute paths. */
export function nodesOf(apps: readonly Pick<AppPlan, 'node'>[]): string[] {
  return [...new Set(apps.flatMap(({ node }) => node?.found?.path ?? []))];
}

/** @param apps all that the daemon knows, also those that came from no release */
export function nodesInUse(
  records: readonly ReleaseRecord[],
  apps: readonly Pick<AppPlan, 'node'>[],
): Set<string> {
  const built = records.flatMap(({ node, nodes = [] }) => [...(node ? [node.path] : []), ...nodes]);
  return new Set([...built, ...nodesOf(apps)]);
}
