/** How people and programs reach the daemon: the control API, what it shows, its numbers, and who is told of what. */
import { hostname } from 'node:os';
import { API_VERSION, type DaemonView } from '../../protocol/api.ts';
import { Api, type ApiOptions } from '../api.ts';
import { routedApps } from '../edge-table.ts';
import { Observatory } from '../metrics/observatory.ts';
import { Notifier } from '../notify/notifier.ts';
import { Pausing } from '../pausing.ts';
import { UsageMeter } from '../usage.ts';
import type { ViewSources } from '../views.ts';
import type { Basis } from './basis.ts';
import type { DataPath } from './data-path.ts';
import type { Kept } from './kept.ts';
import type { Life } from './life.ts';

export interface Access {
  readonly notifier: Notifier;
  readonly observatory: Observatory;
  readonly api: Api;
}

/** What the API asks of the daemon as a whole. */
export type AccessHandlers = Pick<ApiOptions, 'onDown' | 'upgrade' | 'onUpgrade' | 'onUp'>;

export function makeAccess(basis: Basis, parts: Kept & DataPath & Life, handlers: AccessHandlers): Access {
  const { paths, version, clock } = basis;
  const { journal, store, crashes, doors, outputs, links, egress, profiles, dashboard, caches } = parts;
  const { certificates, staples, tlsFiles, acme, front, routing, rejections, traffic } = parts;
  const { supervisor, operations, releases } = parts;
  const isRouted = (app: string) => routedApps(store.state).has(app);
  const notifier: Notifier = new Notifier({
    clock,
    journal,
    host: hostname(),
    state: () => store.state,
  });
  const views: ViewSources = {
    clock,
    links,
    usage: new UsageMeter(clock),
    journal,
    logDir: paths.logs,
    state: () => store.state,
    app: (name) => supervisor.app(name),
    doors: () => doors.all,
    isRouted,
    front,
    edgeNotes: () => [...tlsFiles.notes, ...acme.notes, ...staples.notes, ...rejections.notes],
  };
  const observatory: Observatory = new Observatory({
    clock,
    journal,
    stateDir: paths.state,
    home: paths.home,
    version,
    views,
    traffic,
    state: () => store.state,
    certificates: () => certificates.all,
    certificateTroubles: () => [...tlsFiles.troubles, ...acme.troubles, ...rejections.troubles],
    egress: () => egress.view(null),
  });
  const api: Api = new Api({
    releases,
    notifier,
    operations,
    journal,
    crashes,
    outputs,
    egress,
    dashboard,
    caches,
    profiles,
    traffic,
    pausing: new Pausing({
      store,
      journal,
      now: () => clock.now(),
      settled: () => routing.settled(),
    }),
    observatory,
    views,
    daemon: () => viewOf(basis),
    ...handlers,
  });
  return { notifier, observatory, api };
}

function viewOf({ paths, version, startedAt }: Basis): DaemonView {
  return {
    api: API_VERSION,
    version,
    pid: process.pid,
    home: paths.home,
    node: process.version,
    startedAt,
  };
}
