/** What the page knows at this moment, and how a message of the server changes it. */
import type {
  HealthView,
  HoldfastEvent,
  HostView,
  LiveApp,
  LiveMessage,
  LiveSite,
  PromotionView,
  Rates,
} from '../../../protocol/dashboard.ts';

export interface LiveState {
  /** When the server said it; null = it has said nothing yet. */
  readonly at: string | null;
  readonly apps: Readonly<Record<string, LiveApp>>;
  readonly sites: Readonly<Record<string, LiveSite>>;
  readonly total: Rates | null;
  readonly health: HealthView | null;
  readonly host: HostView | null;
  readonly promotions: readonly PromotionView[];
  /** Newest first, at most `KEPT_EVENTS`. */
  readonly events: readonly HoldfastEvent[];
  readonly away: boolean;
}

export const KEPT_EVENTS = 200;

export const nothingYet: LiveState = {
  at: null,
  apps: {},
  sites: {},
  total: null,
  health: null,
  host: null,
  promotions: [],
  events: [],
  away: false,
};

/** The state after a message. What has not changed stays the same object, so that nobody draws it again. */
export function merge(before: LiveState, message: LiveMessage): LiveState {
  const base = message.whole ? { ...nothingYet, away: before.away } : before;
  return {
    at: message.at,
    apps: mergeRecord(message.whole ? {} : base.apps, message.apps, before.apps),
    sites: mergeRecord(message.whole ? {} : base.sites, message.sites, before.sites),
    total: keep(before.total, message.total ?? base.total),
    health: keep(before.health, message.health ?? base.health),
    host: keep(before.host, message.host ?? base.host),
    promotions: keep(before.promotions, message.promotions ?? base.promotions),
    events: mergeEvents(base.events, message.events ?? []),
    away: message.away ?? false,
  };
}

function mergeRecord<T>(
  base: Readonly<Record<string, T>>,
  changes: Readonly<Record<string, T | null>> | undefined,
  known: Readonly<Record<string, T>>,
): Readonly<Record<string, T>> {
  const merged: Record<string, T> = { ...base };
  for (const [name, value] of Object.entries(changes ?? {})) {
    if (value === null) delete merged[name];
    else merged[name] = keep(known[name], value);
  }
  return keepRecord(known, merged);
}

/** The one before when both say the same. */
export function keep<T>(before: T | undefined, after: T): T {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after) ? before : after;
}

/** The record before when it has the same objects under the same names. */
function keepRecord<T>(before: Readonly<Record<string, T>>, after: Readonly<Record<string, T>>) {
  const names = Object.keys(after);
  const same =
    names.length === Object.keys(before).length && names.every((name) => before[name] === after[name]);
  return same ? before : after;
}

/** Newest first; an event that is there already does not come again (the server repeats some after a reconnection). */
export function mergeEvents(
  known: readonly HoldfastEvent[],
  fresh: readonly HoldfastEvent[],
): readonly HoldfastEvent[] {
  const last = known[0]?.seq ?? -1;
  const added = fresh.filter((event) => event.seq > last);
  if (added.length === 0) return known;
  return [...added.reverse(), ...known].slice(0, KEPT_EVENTS);
}

/** Holdfast's own processes have names that no app of a user can have. */
export function isOwn(app: { readonly name: string }): boolean {
  return app.name.startsWith('@');
}

/** Apps in the order in which they are shown: those with trouble first, then by name; Holdfast's own last. */
export function inOrder(apps: readonly LiveApp[]): readonly LiveApp[] {
  const rank = (app: LiveApp) =>
    isOwn(app) ? 2 : app.status === 'failed' || app.status === 'degraded' ? 0 : 1;
  return [...apps].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

/** Each word must be in one of the texts. */
export function matches(filter: string, ...texts: readonly (string | null | undefined)[]): boolean {
  const all = texts.join('\n').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
