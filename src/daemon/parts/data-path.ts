/**
 * Between clients and instances: links to processes, what instances are lent, routing, certificates, the server in front, egress, and
 * what is counted.
 */
import { hostname } from 'node:os';
import type { Acme } from '../acme/acme.ts';
import { createAcme } from '../acme/create.ts';
import { CacheClearing } from '../cache-clearing.ts';
import { CertificateStore } from '../certificates.ts';
import { DashboardDesk } from '../dashboard.ts';
import { EDGE } from '../edge-app.ts';
import { routedApps } from '../edge-table.ts';
import { EdgeTlsSource } from '../edge-tls.ts';
import { Egress } from '../egress.ts';
import { LazyFront } from '../front/lazy-front.ts';
import { Leases } from '../leases.ts';
import { Links } from '../links.ts';
import { askResponder } from '../ocsp/ask.ts';
import { Staples } from '../ocsp/staples.ts';
import { Profiles } from '../profiles.ts';
import { Rejections } from '../rejections.ts';
import { TlsFiles } from '../tls-files.ts';
import { Routing } from '../traffic.ts';
import { TrafficTotals } from '../traffic-totals.ts';
import type { Basis } from './basis.ts';
import type { Kept } from './kept.ts';
import type { Life } from './life.ts';

export interface DataPath {
  readonly links: Links;
  readonly egress: Egress;
  readonly profiles: Profiles;
  readonly dashboard: DashboardDesk;
  readonly caches: CacheClearing;
  readonly leases: Leases;
  readonly certificates: CertificateStore;
  readonly staples: Staples;
  readonly edgeTls: EdgeTlsSource;
  readonly tlsFiles: TlsFiles;
  readonly acme: Acme;
  readonly front: LazyFront;
  readonly routing: Routing;
  readonly rejections: Rejections;
  readonly traffic: TrafficTotals;
}

/** @param life what is made after this, and needs it */
export function makeDataPath(
  { paths, version, clock }: Basis,
  { journal, store }: Kept,
  life: () => Life,
): DataPath {
  const isRouted = (app: string) => routedApps(store.state).has(app);
  const links: Links = new Links({
    isGenuine: ({ instance, serial, pid }, uid) => {
      const { record } = life().supervisor.find(instance, serial)?.running ?? {};
      return record?.pid === pid && (record.lease.uid ?? null) === uid;
    },
    onConnect: (link) => {
      if (link.hello.role === 'edge') routing.connected(link);
      if (link.hello.role === 'egress') egress.connected(link);
      routing.changed();
    },
    onMessage: (link, message) => {
      if (link.hello.role === 'egress') egress.heard(link, message);
      if (message.type === 'traffic') {
        // Others may say so, too.
        if (link.hello.instance.startsWith(`${EDGE}.`)) traffic.heard(link.key, message);
        return;
      }
      if (message.type === 'cacheCleared') caches.heard(link, message);
      if (message.type === 'rejections' && link.hello.role === 'edge')
        rejections.heard(link.key, message.rejections);
      if (message.type === 'profiling' || message.type === 'profiled') profiles.heard(link, message);
      if (message.type === 'retired') routing.retired(link, message.target);
      if (message.type === 'drained') routing.drained(link.key);
      if (message.type === 'applied') routing.changed();
      const instance = life().supervisor.find(link.hello.instance, link.hello.serial);
      if (instance && message.type === 'listening') leases.publish(instance);
      if (instance) life().readiness.heard(instance, link);
    },
    onDisconnect: (link) => {
      caches.gone(link);
      profiles.gone(link);
      life().supervisor.find(link.hello.instance, link.hello.serial)?.running?.look();
      routing.changed();
    },
  });
  const egress: Egress = new Egress({
    clock,
    journal,
    dir: paths.state,
    socket: paths.egress,
    state: () => store.state,
    links: () => links.all.filter(({ hello }) => hello.role === 'egress'),
  });
  const profiles: Profiles = new Profiles({
    clock,
    paths,
    journal,
    linkOf: (key) => links.get(key),
    instancesOf: (app) => life().supervisor.app(app)?.instances,
  });
  const dashboard: DashboardDesk = new DashboardDesk({
    clock,
    hostname: hostname(),
    version,
    home: paths.home,
    state: () => store.state,
    open: () => life().operations.openDashboard(),
    links: () => links.all.filter(({ hello }) => hello.role === 'dashboard'),
  });
  const caches: CacheClearing = new CacheClearing({
    clock,
    links: () => links.all.filter(({ hello }) => hello.role === 'edge'),
    state: () => store.state,
  });
  const leases: Leases = new Leases({ paths, clock, listen: (path, uid) => links.listen(path, uid) });
  const certificates = new CertificateStore();
  const staples: Staples = new Staples({
    clock,
    random: Math.random,
    dir: `${paths.home}/certificates`,
    ask: askResponder,
    record: (type, event) => journal.record(type, event),
    onChange: () => edgeTls.refresh(),
  });
  // Before the edges get them: what was kept from before goes with them.
  certificates.onChange(() => staples.changed(certificates.all));
  const edgeTls: EdgeTlsSource = new EdgeTlsSource({
    clock,
    certificates,
    staple: (certPem) => staples.get(certPem),
    onChange: () => routing.refresh(),
  });
  const tlsFiles: TlsFiles = new TlsFiles({
    clock,
    sites: () => Object.values(store.state.sites).map(({ site }) => site),
    record: (type, event) => journal.record(type, event),
    onChange: (found, authorities) => {
      edgeTls.setAuthorities(authorities);
      certificates.set('files', found);
    },
  });
  const acme: Acme = createAcme({
    clock,
    journal,
    home: paths.home,
    version,
    certificates,
    routing: () => routing,
    supervisor: () => life().supervisor,
    state: () => store.state,
  });
  const front: LazyFront = new LazyFront({
    clock,
    journal,
    home: paths.home,
    state: () => store.state,
    app: (name) => life().supervisor.app(name),
  });
  const routing: Routing = new Routing({
    front,
    clock,
    links: () => links,
    state: () => store.state,
    instancesOf: (app) => life().supervisor.app(app)?.instances ?? [],
    isRouted,
    tls: (edge) => edgeTls.get(edge),
  });
  const edges = () => life().supervisor.app(EDGE)?.instances ?? [];
  const isAlive = (edge: string) => edges().some(({ key }) => key === edge);
  const rejections: Rejections = new Rejections({ journal, isAlive });
  const traffic: TrafficTotals = new TrafficTotals({
    clock,
    isAlive,
    table: () => routing.table,
    mayExist: (name, id) => {
      const app = life().supervisor.app(name);
      return !app || app.instances.some((instance) => instance.id === id);
    },
  });
  return {
    links,
    egress,
    profiles,
    dashboard,
    caches,
    leases,
    certificates,
    staples,
    edgeTls,
    tlsFiles,
    acme,
    front,
    routing,
    rejections,
    traffic,
  };
}
