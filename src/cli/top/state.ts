/** What the live view knows, and how keys and news change it. Pure. */
import type { AppView } from '../../protocol/api.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { Key } from './keys.ts';

export const sortOrders = ['name', 'cpu', 'memory', 'restarts'] as const;
export type SortOrder = (typeof sortOrders)[number];

export interface TopState {
  readonly apps: readonly AppView[];
  /** Oldest first. */
  readonly events: readonly HoldfastEvent[];
  /** Why the daemon does not answer; null when it does. */
  readonly away: string | null;
  readonly sort: SortOrder;
  /** Every instance, not only those of apps in trouble. */
  readonly instances: boolean;
  /** Lines of the table that are scrolled out at the top. */
  readonly offset: number;
}

export const emptyState: TopState = {
  apps: [],
  events: [],
  away: null,
  sort: 'name',
  instances: true,
  offset: 0,
};

const keptEvents = 50;

/** Adds an event, unless it is known already, as it is when the stream was opened again. */
export function withEvent(state: TopState, event: HoldfastEvent): TopState {
  const last = state.events.at(-1);
  if (last && event.seq <= last.seq) return state;
  return { ...state, events: [...state.events, event].slice(-keptEvents) };
}

export function withKey(state: TopState, key: Key): TopState {
  switch (key) {
    case 'up':
      return { ...state, offset: Math.max(0, state.offset - 1) };
    case 'down':
      return { ...state, offset: state.offset + 1 };
    case 'pageUp':
      return { ...state, offset: Math.max(0, state.offset - 10) };
    case 'pageDown':
      return { ...state, offset: state.offset + 10 };
    case 'sort':
      return {
        ...state,
        sort: sortOrders[(sortOrders.indexOf(state.sort) + 1) % sortOrders.length] ?? 'name',
      };
    case 'instances':
      return { ...state, instances: !state.instances, offset: 0 };
    default:
      return state;
  }
}

/** By the wanted order: names upwards, figures downwards. */
export function sortApps(apps: readonly AppView[], order: SortOrder): AppView[] {
  const byName = (a: AppView, b: AppView) => a.name.localeCompare(b.name, 'en');
  if (order === 'name') return apps.toSorted(byName);
  return apps.toSorted((a, b) => figure(b, order) - figure(a, order) || byName(a, b));
}

export function figure(app: AppView, which: 'cpu' | 'memory' | 'restarts'): number {
  const field = which === 'memory' ? 'memoryBytes' : which;
  return app.instances.reduce((sum, instance) => sum + (instance[field] ?? 0), 0);
}
