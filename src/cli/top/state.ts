/** What the live view knows and shows. Pure; `press.ts` says how keys change it. */
import type { LogLine } from '../../logs/reader.ts';
import type { AppDetail, AppView, CrashRecord, TrafficView } from '../../protocol/api.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { type Row, rowsOf, type SortColumn } from './rows.ts';

/** An app, or one instance of it. */
export interface Subject {
  readonly app: string;
  /** Such as `web.1`; null = the app. */
  readonly instance: string | null;
}

export type Place = { readonly kind: 'list' } | ({ readonly kind: 'detail' | 'log' } & Subject);

export type Verb = 'restart' | 'reload' | 'stop' | 'start';

/** What the last line asks. */
export type Prompt =
  | { readonly kind: 'filter'; readonly text: string; readonly before: string }
  | { readonly kind: 'sure'; readonly verb: Verb; readonly subject: Subject }
  | { readonly kind: 'scale'; readonly app: string; readonly now: number; readonly text: string };

/** Lines of a log and how many there were in all. */
export interface LogPage {
  readonly lines: readonly LogLine[];
  readonly total: number;
}

export interface TopState {
  readonly apps: readonly AppView[];
  /** null: there are no sites, or it is not known yet. */
  readonly traffic: TrafficView | null;
  /** Oldest first. */
  readonly events: readonly HoldfastEvent[];
  /** Why the daemon does not answer; null when it does. */
  readonly away: string | null;
  readonly sort: SortColumn;
  readonly reversed: boolean;
  /** Every instance, not only those of apps in trouble. */
  readonly instances: boolean;
  readonly filter: string;
  /** Key of the row that the cursor is on; null = the first. */
  readonly selected: string | null;
  readonly place: Place;
  readonly prompt: Prompt | null;
  readonly help: boolean;
  /** Lines that are scrolled out: of a log at the bottom, otherwise at the top. */
  readonly offset: number;
  /** What came of what was asked for last. */
  readonly said: { readonly text: string; readonly bad: boolean } | null;
  /** Of the app of `place`. */
  readonly detail: AppDetail | null;
  readonly crashes: readonly CrashRecord[];
  readonly log: LogPage;
  /** The log as it was when it was paused. */
  readonly paused: LogPage | null;
}

const emptyLog: LogPage = { lines: [], total: 0 };

export const emptyState: TopState = {
  apps: [],
  traffic: null,
  events: [],
  away: null,
  sort: 'name',
  reversed: false,
  instances: true,
  filter: '',
  selected: null,
  place: { kind: 'list' },
  prompt: null,
  help: false,
  offset: 0,
  said: null,
  detail: null,
  crashes: [],
  log: emptyLog,
  paused: null,
};

const keptEvents = 200;
export const keptLogLines = 2000;

/** Adds an event, unless it is known already, as it is when the stream was opened again. */
export function withEvent(state: TopState, event: HoldfastEvent): TopState {
  const last = state.events.at(-1);
  if (last && event.seq <= last.seq) return state;
  return { ...state, events: [...state.events, event].slice(-keptEvents) };
}

export function withLogLines(state: TopState, added: readonly LogLine[]): TopState {
  const lines = [...state.log.lines, ...added].slice(-keptLogLines);
  return { ...state, log: { lines, total: state.log.total + added.length } };
}

/** At another place, from its beginning. */
export function at(state: TopState, place: Place): TopState {
  const same = place.kind !== 'list' && state.place.kind !== 'list' && place.app === state.place.app;
  return {
    ...state,
    place,
    offset: 0,
    log: emptyLog,
    paused: null,
    ...(!same && { detail: null, crashes: [] }),
  };
}

export function rowsOfState(state: TopState): Row[] {
  return rowsOf(state.apps, state);
}

/** The row that the cursor is on; undefined when there is none at all. */
export function selectedIndex(state: TopState, rows: readonly Row[]): number {
  const index = rows.findIndex(({ key }) => key === state.selected);
  return Math.max(0, index);
}
