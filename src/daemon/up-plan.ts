/** What `up` makes of desired state: what came from this file, and only that, becomes equal to the file. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { diffPlans } from '../config/diff.ts';
import { metricsDefaults } from '../config/metrics-defaults.ts';
import type {
  AppPlan,
  DashboardPlan,
  EdgePlan,
  FrontServer,
  ListenPlan,
  MetricsPlan,
  Plan,
} from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import { type Change, FRONT_NAME } from '../protocol/api.ts';
import type { NotifyRules } from '../protocol/notify-rules.ts';
import { EDGE, edgeAddresses } from './edge-app.ts';
import { isShared, sharedEdge, withAsks } from './edge-asks.ts';
import { routedApps } from './edge-table.ts';
import { egressOf, isOwn } from './egress-app.ts';
import type { DesiredState, StoredApp, StoredMetrics } from './state.ts';
import { renewed } from './stored-app.ts';

/** What would change. `hasFailed`: of the app, so that it is tried again. */
export function changesFor(state: DesiredState, next: Plan, hasFailed: (app: string) => boolean): Change[] {
  const wanted = { ...next, edge: sharedEdge(state, next) };
  const isOfMore = isShared(state, next.source);
  const changes: Change[] = diffPlans(currentPlan(state, wanted), wanted, isOfMore);
  for (const [name, { autostart }] of Object.entries(next.apps)) {
    const stored = state.apps[name];
    if (!stored || changes.some((change) => change.what === 'app' && change.name === name)) continue;
    if (stored.stopped && autostart)
      changes.push({ kind: 'start', what: 'app', name, detail: ['it is stopped'] });
    else if (!stored.stopped && stored.idle.length > 0) {
      const detail = stored.idle.map((slot) => `${name}.${slot} is stopped`);
      changes.push({ kind: 'start', what: 'app', name, detail });
    } else if (!stored.stopped && hasFailed(name))
      changes.push({ kind: 'start', what: 'app', name, detail: ['it has failed'] });
  }
  return changes;
}

/** As much of a plan as says what would be called how. */
export interface Named {
  readonly source: string | null;
  readonly project: string;
  readonly apps: Readonly<Record<string, unknown>>;
  readonly sites: Readonly<Record<string, unknown>>;
}

/** @throws HoldfastError APP_EXISTS when something of this name came from elsewhere */
export function refuseForeign(state: DesiredState, next: Named): void {
  for (const name of Object.keys(next.apps)) {
    const stored = state.apps[name];
    if (!stored || stored.source === next.source) continue;
    const { project, release } = stored.plan;
    if (release !== null && project === next.project) throw released(name, project, release);
    if (release !== null && project !== null) throw taken(name, next.project, project);
    const from = stored.source === null ? 'was started with `hold start`' : `comes from "${stored.source}"`;
    throw new HoldfastError(
      'APP_EXISTS',
      `Cannot take "${name}" from "${next.source}": an app of this name ${from}`,
      { hint: `Give it another name in the file, or run \`hold delete ${name}\` first` },
    );
  }
  for (const host of Object.keys(next.sites)) {
    const stored = state.sites[host];
    if (!stored || stored.source === next.source) continue;
    throw new HoldfastError(
      'APP_EXISTS',
      `Cannot take the site "${host}": it comes from "${stored.source}"`,
      {
        hint: `Take it out of that file and run \`hold up -f\` with it, or leave it out of this one`,
      },
    );
  }
}

/** Two projects have an app of the same name, or it is the same project, which is called otherwise by now. */
function taken(app: string, project: string, owner: string): HoldfastError {
  return new HoldfastError(
    'APP_EXISTS',
    `The app "${app}" cannot be of the project "${project}": "${owner}" is deployed here, and has it`,
    {
      hint: `If this is "${owner}" under a new name, keep the old one: \`name: '${owner}'\` in the config file. If not, give the app another name`,
    },
  );
}

/** `hold up` in the directory of a project that is deployed by now. */
function released(app: string, project: string, release: string): HoldfastError {
  return new HoldfastError(
    'APP_EXISTS',
    `Cannot bring "${app}" up from here: release "${release}" of "${project}" runs it`,
    {
      hint: '`hold deploy` brings what is committed, `hold deploy --working-tree` the files as they are. To be without releases again: `hold down`, then `hold up`',
    },
  );
}

/** @param edgePlan the edge as an app */
export function targetState(
  state: DesiredState,
  next: Plan,
  edgePlan: (edge: EdgePlan, addresses: readonly ListenPlan[]) => AppPlan,
  frontPlan: (server: FrontServer, edge: EdgePlan) => AppPlan,
): DesiredState {
  const { source } = next;
  const others = Object.entries(state.apps).filter(([name, app]) => app.source !== source || isOwn(name));
  const otherSites = Object.entries(state.sites).filter(([, entry]) => entry.source !== source);
  const sites = Object.fromEntries([
    ...otherSites,
    // What is paused stays so, until somebody resumes it.
    ...Object.entries(next.sites).map(([host, site]) => [host, { ...state.sites[host], site, source }]),
  ]) as DesiredState['sites'];
  const edge = Object.keys(next.sites).length > 0 ? sharedEdge(state, next) : state.edge;
  // A plan of an older version says nothing of it.
  const front = Object.keys(next.sites).length > 0 ? (next.front ?? null) : state.front;
  // Behind a server they listen on doors, behind the edge on sockets.
  const isOtherKind = (front === null) !== (state.front === null);
  const before = routedApps(state);
  const after = routedApps({ ...state, sites });
  // What tells it of the proxy is in its environment.
  const surrounded = (egressOf(source, state) === null) !== (next.egress === null);
  const apps: Record<string, StoredApp> = Object.fromEntries(
    others.map(([name, app]) => {
      const changes = isOtherKind && after.has(name) && !app.stopped;
      return [name, changes ? renewed(app, app.plan, app.source, 'rolling', true) : app];
    }),
  );
  for (const [name, plan] of Object.entries(next.apps)) {
    const old = state.apps[name];
    // An app that becomes routed, or is no longer, listens elsewhere.
    const moved = before.has(name) !== after.has(name) || (isOtherKind && after.has(name));
    const wanted = renewed(old, plan, source, 'rolling', moved, surrounded);
    const starts = plan.autostart || (old !== undefined && !old.stopped);
    apps[name] = starts ? wanted : { ...wanted, stopped: true, previous: null };
  }
  const logsTotalBytes = next.logsTotalBytes ?? state.logsTotalBytes;
  const notify = withNotify(state.notify, next);
  const metrics = withMetrics(state.metrics, next);
  const dashboard = withDashboardOf(state.dashboard, next);
  return withFront(
    withEdge(
      withAsks({ ...state, apps, sites, edge, front, logsTotalBytes, notify, metrics, dashboard }, next),
      edgePlan,
    ),
    frontPlan,
  );
}

/** A client of an older version says nothing of it. */
function withNotify(
  { ...all }: Record<string, readonly NotifyRules[]>,
  { project, notify }: { readonly project: string; readonly notify?: readonly NotifyRules[] },
): DesiredState['notify'] {
  delete all[project];
  return notify && notify.length > 0 ? { ...all, [project]: notify } : all;
}

/** What is as without a word is not kept. A client of an older version says nothing of it. */
function withMetrics(
  { ...all }: Record<string, StoredMetrics>,
  { project, source, metrics }: { readonly metrics?: MetricsPlan } & Pick<Plan, 'project' | 'source'>,
): DesiredState['metrics'] {
  delete all[project];
  const isSpecial = metrics !== undefined && !isDeepStrictEqual(metrics, metricsDefaults);
  return isSpecial ? { ...all, [project]: { source, plan: metrics } } : all;
}

function withDashboardOf(
  { ...all }: Record<string, DashboardPlan>,
  { project, dashboard }: Pick<Plan, 'project' | 'dashboard'>,
): DesiredState['dashboard'] {
  delete all[project];
  return dashboard ? { ...all, [project]: dashboard } : all;
}

/** What runs now of what came from this file, in the shape of a plan. */
export function currentPlan(state: DesiredState, next: Plan): Omit<Plan, 'project' | 'release' | 'deploy'> {
  const { source } = next;
  const mine = Object.values(state.apps).filter((app) => app.source === source && !isOwn(app.plan.name));
  const sites = Object.values(state.sites).filter((entry) => entry.source === source);
  return {
    source,
    apps: Object.fromEntries(mine.map(({ plan }) => [plan.name, plan])),
    sites: Object.fromEntries(sites.map(({ site }) => [site.host, site])),
    // Without sites there is no edge, so its settings make no difference.
    edge: Object.keys(next.sites).length === 0 ? next.edge : (state.edge ?? next.edge),
    logsTotalBytes: state.logsTotalBytes,
    egress: egressOf(source, state),
    front: Object.keys(next.sites).length === 0 ? next.front : state.front,
    notify: state.notify[next.project] ?? [],
    metrics: state.metrics[next.project]?.plan ?? metricsDefaults,
    dashboard: state.dashboard[next.project] ?? null,
  };
}

function withEdge(
  state: DesiredState,
  edgePlan: (edge: EdgePlan, addresses: readonly ListenPlan[]) => AppPlan,
): DesiredState {
  const { [EDGE]: old, ...apps } = state.apps;
  if (Object.keys(state.sites).length === 0 || !state.edge || state.front) {
    return old ? { ...state, apps: { ...apps, [EDGE]: { ...old, stopped: true } } } : state;
  }
  return {
    ...state,
    apps: { ...apps, [EDGE]: renewed(old, edgePlan(state.edge, edgeAddresses(state)), null, 'rolling') },
  };
}

/** The process of the server in the place of the edge, when it is one of Holdfast's own. */
function withFront(
  state: DesiredState,
  frontPlan: (server: FrontServer, edge: EdgePlan) => AppPlan,
): DesiredState {
  const { front, edge, sites } = state;
  const { [FRONT_NAME]: old, ...apps } = state.apps;
  if (!front || front.file !== null || !edge || Object.keys(sites).length === 0) {
    return old ? { ...state, apps: { ...apps, [FRONT_NAME]: { ...old, stopped: true } } } : state;
  }
  return {
    ...state,
    apps: { ...apps, [FRONT_NAME]: renewed(old, frontPlan(front.server, edge), null, 'restart') },
  };
}
