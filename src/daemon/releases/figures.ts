/** From what the edges count to what two releases are compared by. Pure. */
import type { TrafficView } from '../../protocol/api.ts';
import type { InstanceCounts } from '../../protocol/traffic-counts.ts';
import type { Figures } from './promotion.ts';

/** What instances had counted at some time, by their id. */
export type Mark = ReadonlyMap<string, InstanceCounts>;

/** In the last minute; when that says little, since the edges began. */
const LITTLE = 200;

export const noFigures: Figures = { requests: 0, errors: 0, durations: [] };

export function markOf({ instances }: Pick<TrafficView, 'instances'>): Mark {
  return new Map(instances.map(({ instance, counts }) => [instance, counts]));
}

/** What the instances of an app did since then. */
export function figuresSince(
  { instances }: Pick<TrafficView, 'instances'>,
  mark: Mark,
  app: string,
): Figures {
  const own = instances.filter((one) => one.app === app);
  return total(own.map(({ instance, counts }) => less(figuresOf(counts), mark.get(instance))));
}

/** How an app does, of late. */
export function usualFigures({ instances }: Pick<TrafficView, 'instances'>, app: string): Figures {
  const own = instances.filter((one) => one.app === app);
  const recent = total(own.map((one) => figuresOf(one.recent)));
  return recent.requests >= LITTLE ? recent : total(own.map((one) => figuresOf(one.counts)));
}

/** Requests that were not answered are not among those that an instance has counted. */
function figuresOf({ requests, status, failures, durations }: InstanceCounts): Figures {
  return { requests: requests + failures, errors: (status[4] ?? 0) + failures, durations };
}

/** An instance that was forgotten meanwhile counts from 0 again. */
function less(now: Figures, then: InstanceCounts | undefined): Figures {
  if (!then) return now;
  const before = figuresOf(then);
  if (before.requests > now.requests) return now;
  return {
    requests: now.requests - before.requests,
    errors: Math.max(0, now.errors - before.errors),
    durations: now.durations.map((count, i) => Math.max(0, count - (before.durations[i] ?? 0))),
  };
}

export function total(all: readonly Figures[]): Figures {
  return all.reduce(
    (sum, one) => ({
      requests: sum.requests + one.requests,
      errors: sum.errors + one.errors,
      durations: one.durations.map((count, i) => count + (sum.durations[i] ?? 0)),
    }),
    noFigures,
  );
}
