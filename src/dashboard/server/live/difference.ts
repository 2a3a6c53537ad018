/** What is new between two looks, so that only that is sent. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { LiveApp, LiveMessage } from '../../../protocol/dashboard.ts';

/** Everything at one moment; the events are told apart from it. */
export type LiveState = Required<Pick<LiveMessage, 'apps' | 'sites' | 'total' | 'promotions'>> &
  Pick<LiveMessage, 'health' | 'host'>;

type Changes = Omit<LiveMessage, 'whole' | 'at' | 'events' | 'away'>;

/** Empty when nothing is new. */
export function difference(before: LiveState, after: LiveState): Changes {
  const apps = changedIn(before.apps, after.apps, (a, b) => isDeepStrictEqual(timeless(a), timeless(b)));
  const sites = changedIn(before.sites, after.sites, isDeepStrictEqual);
  const { total, promotions, health, host } = after;
  return {
    ...(apps && { apps }),
    ...(sites && { sites }),
    ...(!isDeepStrictEqual(before.total, total) && { total }),
    ...(!isDeepStrictEqual(before.promotions, promotions) && { promotions }),
    ...(health && !isDeepStrictEqual(before.health, health) && { health }),
    ...(host && !isDeepStrictEqual(before.host, host) && { host }),
  };
}

function changedIn<T>(
  before: Readonly<Record<string, T | null>>,
  after: Readonly<Record<string, T | null>>,
  isSame: (a: T | null, b: T | null) => boolean,
): Record<string, T | null> | null {
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  const changed = Object.entries(after).filter(
    ([name, value]) => !Object.hasOwn(before, name) || !isSame(before[name] ?? null, value),
  );
  if (gone.length === 0 && changed.length === 0) return null;
  return Object.fromEntries([...changed, ...gone.map((name) => [name, null] as const)]);
}

/** Without what only says how late it is: the page knows since when each instance runs. */
function timeless(app: LiveApp | null): unknown {
  if (!app) return null;
  const instances = app.instances.map(({ uptimeMs: _up, nextStartMs: _next, ...rest }) => rest);
  return { ...app, instances };
}
