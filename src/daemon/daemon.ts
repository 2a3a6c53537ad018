/** The composition root: makes the parts and connects them. It decides nothing. */
import { closeSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { appDefaults } from '../config/app-defaults.ts';
import { systemClock } from '../kit/clock.ts';
import type { Lock } from '../kit/lock.ts';
import { bootId, isAlive } from '../kit/proc.ts';
import { thisMachine } from '../launch/machine.ts';
import { requireRights } from '../launch/rights.ts';
import { API_VERSION, type DaemonView, type UpgradeRequest } from '../protocol/api.ts';
import type { HomePaths } from '../protocol/home.ts';
import { type InstanceRecord, Supervisor, type SupervisorFact } from '../supervisor/supervisor.ts';
import type { Acme } from './acme/acme.ts';
import { createAcme } from './acme/create.ts';
import { Api } from './api.ts';
import { CacheClearing } from './cache-clearing.ts';
import { CertificateStore } from './certificates.ts';
import { CrashReports } from './crash-report.ts';
import { Crashes } from './crashes.ts';
import { DashboardDesk } from './dashboard.ts';
import { dashboardEnv } from './dashboard-app.ts';
import { type Address, type Door, Doors, mayHold, type OfferedHandle, sameAddress } from './doors.ts';
import { EDGE } from './edge-app.ts';
import { routedApps } from './edge-table.ts';
import { EdgeTlsSource } from './edge-tls.ts';
import { Egress } from './egress.ts';
import { Exits } from './exits.ts';
import { eventOf } from './fact-events.ts';
import { firstAttempts } from './first-attempts.ts';
import { LazyFront } from './front/lazy-front.ts';
import { createGuardians, type Guardian } from './guardians.ts';
import { Holder, type Inheritance } from './holder.ts';
import { Journal } from './journal.ts';
import { createLauncher } from './launcher.ts';
import { Leases } from './leases.ts';
import { Links } from './links.ts';
import { Observatory } from './metrics/observatory.ts';
import { Notifier } from './notify/notifier.ts';
import { askResponder } from './ocsp/ask.ts';
import { Staples } from './ocsp/staples.ts';
import { Operations } from './operations.ts';
import { Orphans, orphansAmong } from './orphans.ts';
import { Outputs } from './outputs.ts';
import { Pausing } from './pausing.ts';
import { portsOf } from './ports.ts';
import { Presence } from './presence.ts';
import { Profiles } from './profiles.ts';
import { Readiness } from './readiness.ts';
import { Rejections } from './rejections.ts';
import { Releases } from './releases/releases.ts';
import { siblingOf } from './releases/standing.ts';
import { reportsDir } from './reports.ts';
import { DesiredStore, RecordStore, type Records } from './state.ts';
import { endStrayProbes } from './stray-probes.ts';
import { findStrays } from './strays.ts';
import { sweepRun } from './sweep-run.ts';
import { TlsFiles } from './tls-files.ts';
import { Routing } from './traffic.ts';
import { TrafficTotals } from './traffic-totals.ts';
import { tryVersion } from './upgrade.ts';
import { UsageMeter } from './usage.ts';
import type { ViewSources } from './views.ts';
import { Vitals } from './vitals.ts';

export interface DaemonOptions {
  readonly paths: HomePaths;
  readonly version: string;
  /** What the holder kept while there was no daemon. */
  readonly held: Inheritance;
  readonly lock: Lock;
}

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
const EDGE_ENTRY = fileURLToPath(new URL('../edge/main.js', import.meta.url));
const EGRESS_ENTRY = fileURLToPath(new URL('../egress/main.js', import.meta.url));
const DASHBOARD_ENTRY = fileURLToPath(new URL('../dashboard/main.js', import.meta.url));
const GUEST = fileURLToPath(new URL('../guest/guest.cjs', import.meta.url));

export class Daemon {
  readonly #options: DaemonOptions;
  readonly #startedAt = new Date().toISOString();
  readonly #journal: Journal;
  readonly #store: DesiredStore;
  readonly #records: RecordStore;
  readonly #crashes: Crashes;
  readonly #doors: Doors;
  readonly #holder: Holder;
  readonly #presence: Presence;
  readonly #outputs: Outputs;
  readonly #links: Links;
  readonly #leases: Leases;
  readonly #certificates = new CertificateStore();
  readonly #staples: Staples;
  readonly #edgeTls: EdgeTlsSource;
  readonly #tlsFiles: TlsFiles;
  readonly #acme: Acme;
  readonly #routing: Routing;
  readonly #front: LazyFront;
  readonly #egress: Egress;
  readonly #dashboard: DashboardDesk;
  readonly #rejections: Rejections;
  readonly #caches: CacheClearing;
  readonly #profiles: Profiles;
  readonly #traffic: TrafficTotals;
  readonly #readiness: Readiness;
  readonly #supervisor: Supervisor;
  readonly #orphans: Orphans;
  readonly #operations: Operations;
  readonly #vitals: Vitals;
  readonly #crashReports: CrashReports;
  readonly #guardians: readonly Guardian[];
  readonly #releases: Releases;
  readonly #notifier: Notifier;
  readonly #observatory: Observatory;
  readonly #api: Api;
  readonly #exits: Exits;
  #ending = false;
  /** The command line of the daemon that comes after this one. */
  #successor: readonly string[];
  /** The guardians have begun. */
  #watching = false;

  constructor(options: DaemonOptions) {
    this.#options = options;
    const { paths } = options;
    const clock = systemClock;
    this.#successor = [process.execPath, ...process.execArgv, MAIN, '--home', paths.home];
    const isRouted = (app: string) => routedApps(this.#store.state).has(app);
    this.#journal = new Journal(`${paths.state}/journal.ndjson`, clock);
    this.#store = new DesiredStore({
      dir: paths.state,
      clock,
      onUnsaved: (error) => this.#journal.record('state.unsaved', { reason: error.message }),
      onEdit: () => this.#stateChanged(),
    });
    this.#records = new RecordStore(paths.state);
    this.#crashes = new Crashes(`${paths.state}/crashes`, reportsDir(paths));
    this.#doors = new Doors(options.held.doors, () => this.#holder.refresh());
    this.#outputs = new Outputs({
      logDir: paths.logs,
      runDir: paths.run,
      stateDir: paths.state,
      clock,
      onLost: (app, lines, path, reason) =>
        this.#journal.record('logs.lost', {
          app,
          ...(reason !== null && { reason }),
          data: { lines, ...(path !== null && { file: path }) },
        }),
      onDropped: (app, lines) => this.#journal.record('logs.dropped', { app, data: { lines } }),
      onUnforwarded: (app, lines, to, reason) =>
        this.#journal.record('logs.unforwarded', { app, reason, data: { lines, to } }),
      onChange: () => this.#holder.refresh(),
    });
    this.#presence = new Presence(paths.alive);
    this.#holder = new Holder({
      clock,
      daemon: () => this.#successor,
      predecessor: options.held.holder,
      delayS: this.#restartDelayS(),
      pidFile: paths.holderPid,
      doors: () => this.#doors.all,
      pipes: () => this.#outputs.paths,
      presence: this.#presence.fd,
      rescue: paths.launcher,
    });
    this.#links = new Links({
      isGenuine: ({ instance, serial, pid }, uid) => {
        const { record } = this.#supervisor.find(instance, serial)?.running ?? {};
        return record?.pid === pid && (record.lease.uid ?? null) === uid;
      },
      onConnect: (link) => {
        if (link.hello.role === 'edge') this.#routing.connected(link);
        if (link.hello.role === 'egress') this.#egress.connected(link);
        this.#routing.changed();
      },
      onMessage: (link, message) => {
        if (link.hello.role === 'egress') this.#egress.heard(link, message);
        if (message.type === 'traffic') {
          // Others may say so, too.
          if (link.hello.instance.startsWith(`${EDGE}.`)) this.#traffic.heard(link.key, message);
          return;
        }
        if (message.type === 'cacheCleared') this.#caches.heard(link, message);
        if (message.type === 'rejections' && link.hello.role === 'edge')
          this.#rejections.heard(link.key, message.rejections);
        if (message.type === 'profiling' || message.type === 'profiled') this.#profiles.heard(link, message);
        if (message.type === 'retired') this.#routing.retired(link, message.target);
        if (message.type === 'drained') this.#routing.drained(link.key);
        if (message.type === 'applied') this.#routing.changed();
        const instance = this.#supervisor.find(link.hello.instance, link.hello.serial);
        if (instance && message.type === 'listening') this.#leases.publish(instance);
        if (instance) this.#readiness.heard(instance, link);
      },
      onDisconnect: (link) => {
        this.#caches.gone(link);
        this.#profiles.gone(link);
        this.#supervisor.find(link.hello.instance, link.hello.serial)?.running?.look();
        this.#routing.changed();
      },
    });
    this.#egress = new Egress({
      clock,
      journal: this.#journal,
      dir: paths.state,
      socket: paths.egress,
      state: () => this.#store.state,
      links: () => this.#links.all.filter(({ hello }) => hello.role === 'egress'),
    });
    this.#profiles = new Profiles({
      clock,
      paths,
      journal: this.#journal,
      linkOf: (key) => this.#links.get(key),
      instancesOf: (app) => this.#supervisor.app(app)?.instances,
    });
    this.#dashboard = new DashboardDesk({
      clock,
      hostname: hostname(),
      version: options.version,
      home: paths.home,
      state: () => this.#store.state,
      open: () => this.#operations.openDashboard(),
      links: () => this.#links.all.filter(({ hello }) => hello.role === 'dashboard'),
    });
    this.#caches = new CacheClearing({
      clock,
      links: () => this.#links.all.filter(({ hello }) => hello.role === 'edge'),
      state: () => this.#store.state,
    });
    this.#leases = new Leases({ paths, clock, listen: (path, uid) => this.#links.listen(path, uid) });
    this.#staples = new Staples({
      clock,
      random: Math.random,
      dir: `${paths.home}/certificates`,
      ask: askResponder,
      record: (type, event) => this.#journal.record(type, event),
      onChange: () => this.#edgeTls.refresh(),
    });
    // Before the edges get them: what was kept from before goes with them.
    this.#certificates.onChange(() => this.#staples.changed(this.#certificates.all));
    this.#edgeTls = new EdgeTlsSource({
      clock,
      certificates: this.#certificates,
      staple: (certPem) => this.#staples.get(certPem),
      onChange: () => this.#routing.refresh(),
    });
    this.#tlsFiles = new TlsFiles({
      clock,
      sites: () => Object.values(this.#store.state.sites).map(({ site }) => site),
      record: (type, event) => this.#journal.record(type, event),
      onChange: (certificates, authorities) => {
        this.#edgeTls.setAuthorities(authorities);
        this.#certificates.set('files', certificates);
      },
    });
    this.#acme = createAcme({
      clock,
      journal: this.#journal,
      home: paths.home,
      version: options.version,
      certificates: this.#certificates,
      routing: () => this.#routing,
      supervisor: () => this.#supervisor,
      state: () => this.#store.state,
    });
    this.#front = new LazyFront({
      clock,
      journal: this.#journal,
      home: paths.home,
      state: () => this.#store.state,
      app: (name) => this.#supervisor.app(name),
    });
    this.#routing = new Routing({
      front: this.#front,
      clock,
      links: () => this.#links,
      state: () => this.#store.state,
      instancesOf: (app) => this.#supervisor.app(app)?.instances ?? [],
      isRouted,
      tls: (edge) => this.#edgeTls.get(edge),
    });
    const isAlive = (edge: string) =>
      this.#supervisor.app(EDGE)?.instances.some(({ key }) => key === edge) ?? false;
    this.#rejections = new Rejections({ journal: this.#journal, isAlive });
    this.#traffic = new TrafficTotals({
      clock,
      isAlive,
      table: () => this.#routing.table,
      mayExist: (name, id) => {
        const app = this.#supervisor.app(name);
        return !app || app.instances.some((instance) => instance.id === id);
      },
    });
    const machine = thisMachine();
    this.#vitals = new Vitals({
      clock,
      paths,
      machine,
      links: () => this.#links,
      find: (id, serial) => this.#supervisor.find(id, serial),
      noticed: (instance, notice) => this.#readiness.noticed(instance, notice),
    });
    this.#readiness = new Readiness({
      clock,
      links: () => this.#links,
      prober: this.#vitals.prober,
      isRouted,
      hasPorts: (app) =>
        this.#store.state.apps[app]?.plan.port !== null || this.#operations.addressesOf(app).length > 0,
      tableVersion: () => this.#routing.tableVersion,
    });
    this.#supervisor = new Supervisor({
      clock,
      random: Math.random,
      launcher: createLauncher({
        clock,
        paths,
        guest: GUEST,
        machine,
        vitals: this.#vitals,
        egressEnv: (plan) => this.#egress.envFor(plan),
        outputs: this.#outputs,
        annexes: this.#leases.annexes,
        cgroups: this.#leases.cgroups,
        isRouted,
        frontPorts: ({ name }) =>
          this.#store.state.front ? (this.#store.state.frontPorts[name] ?? []) : null,
        doorsOf: (app) => this.#doorsOf(app),
        onOffer: (app, address, handle) => this.#takeOffer(app, address, handle),
        onUnavailable: (app, instance, reason) =>
          this.#journal.record('limit.unavailable', { app, instance, reason }),
      }),
      traffic: this.#routing,
      askToEnd: ({ key }) => {
        const link = this.#links.get(key);
        link?.send({ type: 'message', message: 'shutdown' });
        return link !== undefined;
      },
      hindrance: (instance) => this.#operations.hindrance(instance),
      onFact: (fact) => this.#heard(fact),
      onChange: () => {
        this.#saveRecords();
        this.#routing.refresh();
        this.#routing.changed();
      },
    });
    this.#orphans = new Orphans({
      clock,
      journal: this.#journal,
      ended: (key) => this.#outputs.close(key),
    });
    this.#operations = new Operations({
      store: this.#store,
      supervisor: this.#supervisor,
      doors: this.#doors,
      journal: this.#journal,
      outputs: this.#outputs,
      crashes: this.#crashes,
      orphans: this.#orphans,
      edgeEntry: EDGE_ENTRY,
      egressEntry: EGRESS_ENTRY,
      dashboardApp: { entry: DASHBOARD_ENTRY, baseEnv: dashboardEnv(process.env) },
      edgeEnv: { PATH: process.env.PATH ?? '', NODE_ENV: 'production' },
      front: this.#front,
      requireRights: (plan) => requireRights(plan, thisMachine(), plan.guest ? GUEST : null),
      refreshRoutes: () => this.#routing.refresh(),
      portsFreed: () => this.#holder.settled(),
    });
    this.#crashReports = new CrashReports({
      paths,
      crashes: this.#crashes,
      outputs: this.#outputs,
      startedAt: this.#startedAt,
      notReady: (key) => this.#readiness.lacked(key),
      wasOutOfMemory: (record) => this.#leases.wasOutOfMemory(record),
    });
    this.#exits = new Exits({
      outputs: this.#outputs,
      crashReports: this.#crashReports,
      leases: this.#leases,
      vitals: this.#vitals,
      readiness: this.#readiness,
      complain: (error) => console.error(new Date().toISOString(), error),
    });
    this.#guardians = createGuardians({
      clock,
      paths,
      vitals: this.#vitals,
      journal: this.#journal,
      links: this.#links,
      supervisor: this.#supervisor,
      operations: this.#operations,
      state: () => this.#store.state,
      isRouted,
    });
    this.#releases = new Releases({
      clock,
      boot: bootId(),
      store: this.#store,
      journal: this.#journal,
      operations: this.#operations,
      supervisor: this.#supervisor,
      prober: this.#vitals.prober,
      outputs: this.#outputs,
      crashes: (app) => this.#crashes.list(app),
      traffic: () => this.#traffic.view(),
    });
    this.#notifier = new Notifier({
      clock,
      journal: this.#journal,
      host: hostname(),
      state: () => this.#store.state,
    });
    const views: ViewSources = {
      clock,
      links: this.#links,
      usage: new UsageMeter(clock),
      journal: this.#journal,
      logDir: paths.logs,
      state: () => this.#store.state,
      app: (name) => this.#supervisor.app(name),
      doors: () => this.#doors.all,
      isRouted,
      front: this.#front,
      edgeNotes: () => [
        ...this.#tlsFiles.notes,
        ...this.#acme.notes,
        ...this.#staples.notes,
        ...this.#rejections.notes,
      ],
    };
    this.#observatory = new Observatory({
      clock,
      journal: this.#journal,
      stateDir: paths.state,
      home: paths.home,
      version: options.version,
      views,
      traffic: this.#traffic,
      state: () => this.#store.state,
      certificates: () => this.#certificates.all,
      certificateTroubles: () => [
        ...this.#tlsFiles.troubles,
        ...this.#acme.troubles,
        ...this.#rejections.troubles,
      ],
      egress: () => this.#egress.view(null),
    });
    this.#api = new Api({
      releases: this.#releases,
      notifier: this.#notifier,
      operations: this.#operations,
      journal: this.#journal,
      crashes: this.#crashes,
      outputs: this.#outputs,
      egress: this.#egress,
      dashboard: this.#dashboard,
      caches: this.#caches,
      profiles: this.#profiles,
      traffic: this.#traffic,
      pausing: new Pausing({
        store: this.#store,
        journal: this.#journal,
        now: () => clock.now(),
        settled: () => this.#routing.settled(),
      }),
      observatory: this.#observatory,
      views,
      daemon: () => this.#view(),
      onDown: () => {
        this.#journal.record('daemon.stopping', { reason: 'a person wanted everything to end' });
        this.#presence.say('down');
        void this.#end();
      },
      upgrade: (request) => this.#prepareUpgrade(request),
      onUpgrade: () => void this.#leave(),
      onUp: () => {
        this.reloadFiles();
        this.#front.retry();
      },
    });
  }

  async start(): Promise<void> {
    const { paths, version, held } = this.#options;
    this.#journal.record('daemon.started', { pid: process.pid, data: { version } });
    for (const { file, reason, setAside } of await this.#store.load()) {
      this.#journal.record('state.repaired', {
        reason: `${file} is damaged (${reason})`,
        data: { setAside },
      });
    }
    endStrayProbes(paths.home);
    const known = await this.#records.load();
    const { serials } = known;
    const records = this.#withStrays(known);
    this.#operations.renewOwn((app) => records.some((record) => record.app === app && record.process));
    // Before edges connect: they are not to be without certificates for a moment.
    this.#tlsFiles.changed();
    this.#acme.changed();
    this.#egress.load();
    await this.#links.listen(paths.link);
    this.#crashReports.sweep(records);
    await this.#leases.resume(records.flatMap(({ process: found }) => found ?? []));
    this.#exits.inherited(records);
    this.#attachOutputs(records);
    for (const fd of held.pipes) closeSync(fd);
    sweepRun(paths.run, records);
    if (this.#store.state.front) await this.#front.load();
    this.#operations.renewFrontPorts(
      new Set(
        records.flatMap(({ process: found }) => (found && isAlive(found) ? (found.lease.front ?? []) : [])),
      ),
    );
    for (const { plan, stopped } of Object.values(this.#store.state.apps)) {
      if (!stopped) this.#operations.reopenDoors(plan.name);
    }
    this.#operations.releaseDoors();
    this.#orphans.found(orphansAmong(records, this.#store.state.apps));
    this.#outputs.setHomeCap(this.#store.state.logsTotalBytes);
    for (const { plan } of Object.values(this.#store.state.apps)) this.#outputs.configure(plan);
    this.#supervisor.resume(this.#operations.desiredApps(), records, serials);
    this.#watching = true;
    this.#notifier.begin();
    this.#stateChanged();
    this.#routing.refresh();
    this.#holder.refresh();
    this.#releases.resume();
    void this.#observatory.begin();
    await this.#api.listen(paths.control);
    void firstAttempts(this.#supervisor, { instances: records, serials }, systemClock).then((text) =>
      this.#presence.say('ready', text),
    );
  }

  /** SIGHUP and `up`: certificates are read again, and what could not be had is tried again. */
  reloadFiles(): void {
    this.#tlsFiles.reload();
    this.#acme.retry();
  }

  /** SIGTERM: everything ends, the wish stays for the next start. */
  async suspend(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#journal.record('daemon.stopping', { reason: 'it was told to by a signal' });
    this.#releases.close();
    await this.#operations.suspend();
    await this.#end();
  }

  /** From here on the next daemon is of another version, when that says that it can read our state. */
  async #prepareUpgrade({ main, node }: UpgradeRequest): Promise<void> {
    const { paths, version } = this.#options;
    const to = await tryVersion(node, main, paths.home);
    this.#journal.record('daemon.upgrading', { data: { from: version, to } });
    this.#successor = [node, main, '--home', paths.home];
    this.#holder.refresh();
    await this.#holder.settled();
  }

  /** Ends as a killed daemon does, and loses nothing: what it holds is held by the holder, which starts the next one. */
  async #leave(): Promise<void> {
    this.#ending = true;
    this.#releases.close();
    this.#tlsFiles.close();
    this.#acme.close();
    this.#staples.close();
    this.#edgeTls.close();
    this.#front.close();
    for (const guardian of this.#guardians) guardian.close();
    this.#notifier.close();
    this.#observatory.close();
    this.#vitals.close();
    this.#egress.close();
    this.#api.close();
    await this.#exits.settled();
    await this.#outputs.leaveAll();
    this.#store.close();
    this.#journal.close();
    process.exit(0);
  }

  /** Last things: the holder first, or it would bring us back. */
  async #end(): Promise<void> {
    const { paths, lock } = this.#options;
    this.#tlsFiles.close();
    this.#acme.close();
    this.#staples.close();
    this.#edgeTls.close();
    this.#front.close();
    for (const guardian of this.#guardians) guardian.close();
    this.#notifier.close();
    this.#observatory.close();
    this.#holder.close();
    this.#api.close();
    this.#links.close();
    this.#egress.close();
    this.#vitals.close();
    await this.#exits.settled();
    this.#leases.close();
    await this.#outputs.closeAll();
    this.#store.close();
    this.#journal.close();
    for (const file of [paths.control, paths.link, paths.daemonPid]) rmSync(file, { force: true });
    try {
      writeFileSync(paths.ended, '');
    } catch {
      // The disk is full: a second holder, which is rare, may bring a daemon back.
    }
    lock.release();
    process.exit(0);
  }

  #saveRecords(): void {
    this.#records.save({ instances: this.#supervisor.records(), serials: this.#supervisor.serials });
  }

  /** And those of which no record was written. */
  #withStrays(known: Records): InstanceRecord[] {
    const isRouted = (app: string) => routedApps(this.#store.state).has(app);
    return [...known.instances, ...findStrays(this.#options.paths, this.#store.state, known, isRouted)];
  }

  /** Also of those that died meanwhile: their last words may still be in the pipes, which the holder kept. */
  #attachOutputs(records: readonly InstanceRecord[]): void {
    for (const { app, snapshot, process: found } of records) {
      if (!found) continue;
      // Of an app that is no longer known it is still read: a full pipe would stop it.
      const plan = this.#store.state.apps[app]?.plan ?? { ...appDefaults, name: app };
      const id = `${app}.${snapshot.slot}`;
      try {
        this.#outputs.attach(plan, snapshot.slot, `${id}#${found.serial}`, found.lease);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#journal.record('logs.lost', {
          app,
          instance: id,
          reason: `its pipes cannot be opened: ${reason}`,
        });
      }
    }
  }

  #doorsOf(app: string): Door[] {
    this.#operations.reopenDoors(app);
    const addresses = [...this.#operations.addressesOf(app), ...this.#besidePorts(app)];
    return addresses.flatMap((address) => this.#doors.find(address) ?? []);
  }

  /**
   * While two releases of an app run side by side, neither gets what comes for the other: but ports that it opens besides would be
   * taken, so they share those.
   */
  #besidePorts(app: string): Address[] {
    const { apps } = this.#store.state;
    const [own, other] = [apps[app], apps[siblingOf(app)]];
    if (!own || !other) return [];
    const named = [own, other].flatMap(({ plan }) => portsOf(plan));
    const mine = this.#operations.addressesOf(app);
    return other.learned.filter(
      (one) => !named.includes(one.port) && !mine.some((known) => sameAddress(known, one)),
    );
  }

  #takeOffer(app: string, address: Address, handle: OfferedHandle): void {
    if (!mayHold(address, handle, this.#operations.addressesOf(app).length)) {
      handle.close();
      return;
    }
    this.#doors.hold(address, handle);
    this.#journal.record('port.held', { app, data: { ...address } });
    this.#operations.learn(app, address);
  }

  #stateChanged(): void {
    if (this.#watching) this.#egress.changed();
    if (this.#watching) this.#dashboard.changed();
    if (!this.#watching) return;
    this.#tlsFiles.changed();
    this.#acme.changed();
    this.#notifier.changed();
    for (const guardian of this.#guardians) guardian.changed();
  }

  #heard(fact: SupervisorFact): void {
    const { type, ...about } = eventOf(fact);
    // Before it is told: a daemon that is killed in between would leave a process of which nobody knows how it began or ended.
    if (type === 'instance.done' || type === 'instance.spawned') this.#saveRecords();
    this.#journal.record(type, about);
    if (fact.kind === 'instance' && fact.fact.type === 'spawned') this.#readiness.spawned(fact.instance);
    if (fact.kind === 'instance') this.#exits.heard(fact.instance, fact.fact);
    if (fact.kind === 'adopted') this.#vitals.adopted(fact.instance);
    if (fact.kind === 'adopted' && fact.instance.phase === 'starting') this.#readiness.spawned(fact.instance);
    this.#operations.heard(fact);
    this.#releases.heard(fact);
    for (const guardian of this.#guardians) guardian.heard(fact);
    // An edge may be able to answer the authority now.
    if (fact.app.name === EDGE) this.#acme.look();
  }

  /** Daemons that die one after the other come back slower and slower. */
  #restartDelayS(): number {
    const since = new Date(Date.now() - 60_000).toISOString();
    const recent = this.#journal.tail(
      50,
      ({ type, time }) => type === 'daemon.started' && time > since,
    ).length;
    return recent < 3 ? 0 : Math.min(30, 2 ** (recent - 3));
  }

  #view(): DaemonView {
    const { paths, version } = this.#options;
    return {
      api: API_VERSION,
      version,
      pid: process.pid,
      home: paths.home,
      node: process.version,
      startedAt: this.#startedAt,
    };
  }
}
