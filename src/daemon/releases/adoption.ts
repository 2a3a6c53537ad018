/**
 * The first deploy of a project that was brought up from its own directory: the same apps, known by another file. They are taken over
 * as they run, and given back when the release is not to serve. Pure.
 */
import type { DesiredState } from '../state.ts';
import type { Named } from '../up-plan.ts';

/** The file that apps and sites of this plan come from now; null when that is its own, or none, or not one of this project. */
export function formerSource(state: DesiredState, { source, project, apps, sites }: Named): string | null {
  const known = [
    ...Object.keys(apps).map((name) => state.apps[name]?.source),
    ...Object.keys(sites).map((host) => state.sites[host]?.source),
  ];
  const [former, ...more] = new Set(known.filter((one) => one !== undefined && one !== source));
  if (typeof former !== 'string' || more.length > 0) return null;
  const theirs = Object.values(state.apps).filter((app) => app.source === former);
  const isOurs = theirs.length > 0 && theirs.every(({ plan }) => plan.project === project);
  return isOurs ? former : null;
}

/** All that came from one file comes from another. */
export function withSource(state: DesiredState, from: string | null, to: string | null): DesiredState {
  if (from === null || to === null) return state;
  const { [from]: egress, ...others } = state.egress;
  return {
    ...state,
    apps: renamed(state.apps, from, to),
    sites: renamed(state.sites, from, to),
    egress: egress ? { ...others, [to]: egress } : state.egress,
  };
}

function renamed<T extends { readonly source: string | null }>(
  record: Readonly<Record<string, T>>,
  from: string,
  to: string,
): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(record).map(([name, one]) => [name, one.source === from ? { ...one, source: to } : one]),
  );
}
