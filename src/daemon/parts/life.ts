/**
 * The life of instances: who starts them, who decides that they are ready, what commands do with them, how they end, and who watches.
 */
import { fileURLToPath } from 'node:url';
import { bootId } from '../../kit/proc.ts';
import { thisMachine } from '../../launch/machine.ts';
import { requireRights } from '../../launch/rights.ts';
import { Supervisor, type SupervisorFact } from '../../supervisor/supervisor.ts';
import { CrashReports } from '../crash-report.ts';
import { dashboardEnv } from '../dashboard-app.ts';
import { routedApps } from '../edge-table.ts';
import { Exits } from '../exits.ts';
import { createGuardians, type Guardian } from '../guardians.ts';
import { createLauncher } from '../launcher.ts';
import { Operations } from '../operations.ts';
import { Orphans } from '../orphans.ts';
import { Readiness } from '../readiness.ts';
import { Releases } from '../releases/releases.ts';
import { Vitals } from '../vitals.ts';
import { AppDoors } from './app-doors.ts';
import type { Basis } from './basis.ts';
import type { DataPath } from './data-path.ts';
import type { Kept } from './kept.ts';

const EDGE_ENTRY = fileURLToPath(new URL('../../edge/main.js', import.meta.url));
const EGRESS_ENTRY = fileURLToPath(new URL('../../egress/main.js', import.meta.url));
const DASHBOARD_ENTRY = fileURLToPath(new URL('../../dashboard/main.js', import.meta.url));
const GUEST = fileURLToPath(new URL('../../guest/guest.cjs', import.meta.url));

export interface Life {
  readonly vitals: Vitals;
  readonly readiness: Readiness;
  readonly supervisor: Supervisor;
  readonly orphans: Orphans;
  readonly operations: Operations;
  readonly crashReports: CrashReports;
  readonly exits: Exits;
  readonly guardians: readonly Guardian[];
  readonly releases: Releases;
}

/** @param onFact what the supervisor says */
export function makeLife(
  { paths, clock, startedAt }: Basis,
  kept: Kept,
  path: DataPath,
  onFact: (fact: SupervisorFact) => void,
): Life {
  const { journal, store, crashes, doors, outputs, holder } = kept;
  const { links, egress, leases, front, routing, traffic } = path;
  const isRouted = (app: string) => routedApps(store.state).has(app);
  const machine = thisMachine();
  const vitals: Vitals = new Vitals({
    clock,
    paths,
    machine,
    links: () => links,
    find: (id, serial) => supervisor.find(id, serial),
    noticed: (instance, notice) => readiness.noticed(instance, notice),
  });
  const readiness: Readiness = new Readiness({
    clock,
    links: () => links,
    prober: vitals.prober,
    isRouted,
    hasPorts: (app) => store.state.apps[app]?.plan.port !== null || operations.addressesOf(app).length > 0,
    tableVersion: () => routing.tableVersion,
  });
  const supervisor: Supervisor = new Supervisor({
    clock,
    random: Math.random,
    launcher: createLauncher({
      clock,
      paths,
      guest: GUEST,
      machine,
      vitals,
      egressEnv: (plan) => egress.envFor(plan),
      outputs,
      annexes: leases.annexes,
      cgroups: leases.cgroups,
      isRouted,
      frontPorts: ({ name }) => (store.state.front ? (store.state.frontPorts[name] ?? []) : null),
      doorsOf: (app) => appDoors.of(app),
      onOffer: (app, address, handle) => appDoors.take(app, address, handle),
      onUnavailable: (app, instance, reason) =>
        journal.record('limit.unavailable', { app, instance, reason }),
    }),
    traffic: routing,
    askToEnd: ({ key }) => {
      const link = links.get(key);
      link?.send({ type: 'message', message: 'shutdown' });
      return link !== undefined;
    },
    hindrance: (instance) => operations.hindrance(instance),
    onFact,
    onChange: () => {
      saveRecords(kept, supervisor);
      routing.refresh();
      routing.changed();
    },
  });
  const orphans: Orphans = new Orphans({
    clock,
    journal,
    ended: (key) => outputs.close(key),
  });
  const operations: Operations = new Operations({
    store,
    supervisor,
    doors,
    journal,
    outputs,
    crashes,
    orphans,
    edgeEntry: EDGE_ENTRY,
    egressEntry: EGRESS_ENTRY,
    dashboardApp: { entry: DASHBOARD_ENTRY, baseEnv: dashboardEnv(process.env) },
    edgeEnv: { PATH: process.env.PATH ?? '', NODE_ENV: 'production' },
    front,
    requireRights: (plan) => requireRights(plan, thisMachine(), plan.guest ? GUEST : null),
    refreshRoutes: () => routing.refresh(),
    portsFreed: () => holder.settled(),
  });
  const appDoors = new AppDoors({ operations, doors, journal, state: () => store.state });
  const crashReports: CrashReports = new CrashReports({
    paths,
    crashes,
    outputs,
    startedAt,
    notReady: (key) => readiness.lacked(key),
    wasOutOfMemory: (record) => leases.wasOutOfMemory(record),
  });
  const exits: Exits = new Exits({
    outputs,
    crashReports,
    leases,
    vitals,
    readiness,
    complain: (error) => console.error(new Date().toISOString(), error),
  });
  const guardians: readonly Guardian[] = createGuardians({
    clock,
    paths,
    vitals,
    journal,
    links,
    supervisor,
    operations,
    state: () => store.state,
    isRouted,
  });
  const releases: Releases = new Releases({
    clock,
    boot: bootId(),
    store,
    journal,
    operations,
    supervisor,
    prober: vitals.prober,
    outputs,
    crashes: (app) => crashes.list(app),
    traffic: () => traffic.view(),
  });
  return { vitals, readiness, supervisor, orphans, operations, crashReports, exits, guardians, releases };
}

export function saveRecords({ records }: Pick<Kept, 'records'>, supervisor: Supervisor): void {
  records.save({ instances: supervisor.records(), serials: supervisor.serials });
}
