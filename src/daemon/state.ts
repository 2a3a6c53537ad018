/**
 * Desired state on disk: what shall run. Written whole, atomically, fsynced, with the previous generation kept; a damaged
 * file is set aside and the generation before it is used. When the disk is full, what is in memory counts, and
 * writing is tried again until it works.
 */
import { join } from 'node:path';
import { completedAppPlan, completedEdgePlan, completedSitePlan } from '../config/completed-plans.ts';
import type {
  AppPlan,
  DashboardPlan,
  EdgePlan,
  EgressPlan,
  FrontPlan,
  MetricsPlan,
  SitePlan,
} from '../config/plan.ts';
import { type Damaged, readNewest, writeAtomicSync } from '../kit/atomic-file.ts';
import type { Clock } from '../kit/clock.ts';
import { bootId } from '../kit/proc.ts';
import type { NotifyRules } from '../protocol/notify-rules.ts';
import type { PauseRules } from '../protocol/traffic-rules.ts';
import { initialState } from '../supervisor/machine.ts';
import type { RolloutMode } from '../supervisor/rollout.ts';
import type { InstanceRecord } from '../supervisor/supervisor.ts';
import type { Address } from './doors.ts';
import { numbered } from './numbers.ts';
import { completedReleases, type ProjectReleases } from './releases/promotion.ts';

export interface StoredApp {
  readonly plan: AppPlan;
  /** The config file that it came from; null for `hold start`. */
  readonly source: string | null;
  readonly stopped: boolean;
  /** Grows with everything that makes running instances outdated. */
  readonly generation: number;
  readonly mode: RolloutMode;
  /** What to go back to when the rollout of this generation fails. */
  readonly previous: { readonly plan: AppPlan; readonly generation: number } | null;
  /** Addresses that it was found to listen on, beside those that the plan names. */
  readonly learned: readonly Address[];
  /** Slots that are stopped while the others run. */
  readonly idle: readonly number[];
  /** Of each slot: a number that is unique in the home and kept over restarts. */
  readonly numbers: readonly number[];
}

export interface StoredSite {
  readonly site: SitePlan;
  /** The config file that it came from. */
  readonly source: string | null;
  /** What that file says of the edge; left out: nothing. */
  readonly asks?: Partial<EdgePlan>;
  /** Somebody has paused it, and nobody has resumed it yet. */
  readonly paused?: PauseRules;
  /** Since when; ISO 8601. */
  readonly pausedAt?: string;
}

export interface DesiredState {
  readonly version: 1;
  readonly apps: Readonly<Record<string, StoredApp>>;
  readonly sites: Readonly<Record<string, StoredSite>>;
  readonly edge: EdgePlan | null;
  /** Cap over all logs of the home; null = the default. */
  readonly logsTotalBytes: number | null;
  /** By config file: where the apps of it may connect to. */
  readonly egress: Readonly<Record<string, EgressPlan>>;
  /** By project: which release serves, and which is being promoted. */
  readonly releases: Readonly<Record<string, ProjectReleases>>;
  /** The server in the place of the edge. */
  readonly front: FrontPlan | null;
  /** By app, in the order of the slots: where that server reaches it. */
  readonly frontPorts: Readonly<Record<string, readonly number[]>>;
  /** By project: who is told of what happens. */
  readonly notify: Readonly<Record<string, readonly NotifyRules[]>>;
  /** By project, when it says something of it. */
  readonly metrics: Readonly<Record<string, StoredMetrics>>;
  /** By project: where the dashboard is to be, and for whom; and what `hold open` wants. */
  readonly dashboard: Readonly<Record<string, DashboardPlan>>;
  /** Sessions of the dashboard that began before have ended; ms since the epoch. */
  readonly dashboardSessionsFrom?: number;
}

export interface StoredMetrics {
  /** The config file that it came from. */
  readonly source: string | null;
  readonly plan: MetricsPlan;
}

export const nothingDesired: DesiredState = {
  version: 1,
  apps: {},
  sites: {},
  edge: null,
  logsTotalBytes: null,
  egress: {},
  releases: {},
  front: null,
  frontPorts: {},
  notify: {},
  metrics: {},
  dashboard: {},
};

const GENERATIONS = 2;
const RETRY_MS = 5000;

export interface StoreOptions {
  readonly dir: string;
  readonly clock: Clock;
  onUnsaved(error: Error): void;
  /** The wish is another one. */
  onEdit(): void;
}

export class DesiredStore {
  readonly #file: string;
  readonly #options: StoreOptions;
  #state: DesiredState = nothingDesired;
  #retry: (() => void) | null = null;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#file = join(options.dir, 'desired.json');
  }

  get state(): DesiredState {
    return this.#state;
  }

  /** @returns the damaged files that were set aside */
  async load(): Promise<readonly Damaged[]> {
    const found = await readNewest(this.#file, parseDesired, { generations: GENERATIONS });
    if (found.value) this.#state = found.value;
    return found.damaged;
  }

  edit(change: (state: DesiredState) => DesiredState): void {
    const next = change(this.#state);
    this.#state = { ...next, apps: numbered(next.apps) };
    this.#save();
    this.#options.onEdit();
  }

  editApp(name: string, change: (app: StoredApp) => StoredApp): void {
    const app = this.#state.apps[name];
    if (app) this.edit((state) => ({ ...state, apps: { ...state.apps, [name]: change(app) } }));
  }

  close(): void {
    this.#retry?.();
    this.#retry = null;
  }

  #save(): void {
    this.#retry?.();
    this.#retry = null;
    try {
      writeAtomicSync(this.#file, JSON.stringify(this.#state), { generations: GENERATIONS });
    } catch (error) {
      this.#options.onUnsaved(error as Error);
      this.#retry = this.#options.clock.after(RETRY_MS, () => this.#save());
    }
  }
}

function parseDesired(text: string): DesiredState {
  const value = JSON.parse(text) as DesiredState;
  if (value.version !== 1 || typeof value.apps !== 'object' || typeof value.sites !== 'object') {
    throw new Error('not a state file of this version');
  }
  // An older version may have written it, which knew less.
  const apps = mapped(value.apps, completed);
  const sites = mapped(value.sites, (entry) => ({ ...entry, site: completedSitePlan(entry.site) }));
  const edge = value.edge && completedEdgePlan(value.edge);
  const releases = mapped(value.releases ?? {}, completedReleases);
  return { ...nothingDesired, ...value, edge, sites, releases, apps: numbered(apps) };
}

function mapped<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function completed(app: StoredApp): StoredApp {
  const { previous } = app;
  return {
    ...{ idle: [], numbers: [] },
    ...app,
    plan: completedAppPlan(app.plan),
    previous: previous && { ...previous, plan: completedAppPlan(previous.plan) },
  };
}

/** What the next daemon goes on from. */
export interface Records {
  readonly instances: readonly InstanceRecord[];
  /** The highest serial of each app, also of those of which nothing runs. */
  readonly serials: Readonly<Record<string, number>>;
}

interface RecordsFile extends Partial<Pick<Records, 'serials'>> {
  readonly boot: string;
  readonly instances: readonly InstanceRecord[];
}

/**
 * Which processes run, for the next daemon to adopt. Not fsynced: after a power cut there is nothing to adopt. When it cannot be
 * written, strays.ts finds the processes by their environment.
 */
export class RecordStore {
  readonly #file: string;
  #last = '';

  constructor(dir: string) {
    this.#file = join(dir, 'instances.json');
  }

  async load(): Promise<Records> {
    const found = await readNewest(this.#file, (text) => JSON.parse(text) as RecordsFile);
    if (!found.value || !Array.isArray(found.value.instances)) return { instances: [], serials: {} };
    const { boot, instances, serials = {} } = found.value;
    return { serials, instances: boot === bootId() ? instances : this.#afresh(instances) };
  }

  /** After a boot every pid is a stranger's, and everything starts anew, in its order; serials go on. */
  #afresh(instances: readonly InstanceRecord[]): InstanceRecord[] {
    return instances
      .filter(({ retiring }) => !retiring)
      .map(({ snapshot, ...record }) => ({
        ...record,
        process: null,
        snapshot: { ...snapshot, restarts: 0, worn: null, machine: initialState },
      }));
  }

  save({ instances, serials }: Records): void {
    const text = JSON.stringify({ boot: bootId(), serials, instances } satisfies RecordsFile);
    if (text === this.#last) return;
    try {
      writeAtomicSync(this.#file, text, { sync: false });
      this.#last = text;
    } catch {
      this.#last = '';
    }
  }
}
