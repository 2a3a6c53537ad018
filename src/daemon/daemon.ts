/**
 * The composition root: makes the parts and connects them, each group in a file of `parts/`. What is left here is when it begins, what
 * is told to whom, and how it ends. It decides nothing.
 */
import { closeSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../kit/clock.ts';
import type { Lock } from '../kit/lock.ts';
import { isAlive } from '../kit/proc.ts';
import type { UpgradeRequest } from '../protocol/api.ts';
import type { HomePaths } from '../protocol/home.ts';
import type { SupervisorFact } from '../supervisor/supervisor.ts';
import { EDGE } from './edge-app.ts';
import { eventOf } from './fact-events.ts';
import { firstAttempts } from './first-attempts.ts';
import type { Inheritance } from './holder.ts';
import { orphansAmong } from './orphans.ts';
import { type Access, makeAccess } from './parts/access.ts';
import type { Basis } from './parts/basis.ts';
import { type DataPath, makeDataPath } from './parts/data-path.ts';
import { attachOutputs, withStrays } from './parts/found.ts';
import { type Kept, makeKept } from './parts/kept.ts';
import { type Life, makeLife, saveRecords } from './parts/life.ts';
import { endStrayProbes } from './stray-probes.ts';
import { sweepRun } from './sweep-run.ts';
import { tryVersion } from './upgrade.ts';

export interface DaemonOptions {
  readonly paths: HomePaths;
  readonly version: string;
  /** What the holder kept while there was no daemon. */
  readonly held: Inheritance;
  readonly lock: Lock;
}

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

export class Daemon {
  readonly #options: DaemonOptions;
  readonly #kept: Kept;
  readonly #path: DataPath;
  readonly #life: Life;
  readonly #access: Access;
  #ending = false;
  /** The command line of the daemon that comes after this one. */
  #successor: readonly string[];
  /** The guardians have begun. */
  #watching = false;

  constructor(options: DaemonOptions) {
    this.#options = options;
    const { paths, version, held } = options;
    this.#successor = [process.execPath, ...process.execArgv, MAIN, '--home', paths.home];
    const basis: Basis = { paths, version, clock: systemClock, startedAt: new Date().toISOString() };
    this.#kept = makeKept({
      ...basis,
      held,
      onEdit: () => this.#stateChanged(),
      successor: () => this.#successor,
    });
    this.#path = makeDataPath(basis, this.#kept, () => this.#life);
    this.#life = makeLife(basis, this.#kept, this.#path, (fact) => this.#heard(fact));
    const parts = { ...this.#kept, ...this.#path, ...this.#life };
    this.#access = makeAccess(basis, parts, {
      onDown: () => {
        this.#kept.journal.record('daemon.stopping', { reason: 'a person wanted everything to end' });
        this.#kept.presence.say('down');
        void this.#end();
      },
      upgrade: (request) => this.#prepareUpgrade(request),
      onUpgrade: () => void this.#leave(),
      onUp: () => {
        this.reloadFiles();
        this.#path.front.retry();
      },
    });
  }

  async start(): Promise<void> {
    const { paths, version, held } = this.#options;
    const { journal, store, records: recordStore, outputs, holder, presence } = this.#kept;
    const { links, leases, tlsFiles, acme, egress, front, routing } = this.#path;
    const { operations, supervisor, crashReports, exits, orphans, releases } = this.#life;
    const { notifier, observatory, api } = this.#access;
    journal.record('daemon.started', { pid: process.pid, data: { version } });
    for (const { file, reason, setAside } of await store.load()) {
      journal.record('state.repaired', {
        reason: `${file} is damaged (${reason})`,
        data: { setAside },
      });
    }
    endStrayProbes(paths.home);
    const known = await recordStore.load();
    const { serials } = known;
    const records = withStrays(paths, store.state, known);
    operations.renewOwn((app) => records.some((record) => record.app === app && record.process));
    // Before edges connect: they are not to be without certificates for a moment.
    tlsFiles.changed();
    acme.changed();
    egress.load();
    await links.listen(paths.link);
    crashReports.sweep(records);
    await leases.resume(records.flatMap(({ process: found }) => found ?? []));
    exits.inherited(records);
    attachOutputs(this.#kept, records);
    for (const fd of held.pipes) closeSync(fd);
    sweepRun(paths.run, records);
    if (store.state.front) await front.load();
    operations.renewFrontPorts(
      new Set(
        records.flatMap(({ process: found }) => (found && isAlive(found) ? (found.lease.front ?? []) : [])),
      ),
    );
    for (const { plan, stopped } of Object.values(store.state.apps)) {
      if (!stopped) operations.reopenDoors(plan.name);
    }
    operations.releaseDoors();
    orphans.found(orphansAmong(records, store.state.apps));
    outputs.setHomeCap(store.state.logsTotalBytes);
    for (const { plan } of Object.values(store.state.apps)) outputs.configure(plan);
    supervisor.resume(operations.desiredApps(), records, serials);
    this.#watching = true;
    notifier.begin();
    this.#stateChanged();
    routing.refresh();
    holder.refresh();
    releases.resume();
    void observatory.begin();
    await api.listen(paths.control);
    void firstAttempts(supervisor, { instances: records, serials }, systemClock).then((text) =>
      presence.say('ready', text),
    );
  }

  /** SIGHUP and `up`: certificates are read again, and what could not be had is tried again. */
  reloadFiles(): void {
    this.#path.tlsFiles.reload();
    this.#path.acme.retry();
  }

  /** SIGTERM: everything ends, the wish stays for the next start. */
  async suspend(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#kept.journal.record('daemon.stopping', { reason: 'it was told to by a signal' });
    this.#life.releases.close();
    await this.#life.operations.suspend();
    await this.#end();
  }

  /** From here on the next daemon is of another version, when that says that it can read our state. */
  async #prepareUpgrade({ main, node }: UpgradeRequest): Promise<void> {
    const { paths, version } = this.#options;
    const to = await tryVersion(node, main, paths.home);
    this.#kept.journal.record('daemon.upgrading', { data: { from: version, to } });
    this.#successor = [node, main, '--home', paths.home];
    this.#kept.holder.refresh();
    await this.#kept.holder.settled();
  }

  /** Ends as a killed daemon does, and loses nothing: what it holds is held by the holder, which starts the next one. */
  async #leave(): Promise<void> {
    this.#ending = true;
    this.#life.releases.close();
    this.#stopWatching();
    this.#life.vitals.close();
    this.#path.egress.close();
    this.#access.api.close();
    await this.#life.exits.settled();
    await this.#kept.outputs.leaveAll();
    this.#kept.store.close();
    this.#kept.journal.close();
    process.exit(0);
  }

  /** Last things: the holder first, or it would bring us back. */
  async #end(): Promise<void> {
    const { paths, lock } = this.#options;
    this.#stopWatching();
    this.#kept.holder.close();
    this.#access.api.close();
    this.#path.links.close();
    this.#path.egress.close();
    this.#life.vitals.close();
    await this.#life.exits.settled();
    this.#path.leases.close();
    await this.#kept.outputs.closeAll();
    this.#kept.store.close();
    this.#kept.journal.close();
    for (const file of [paths.control, paths.link, paths.daemonPid]) rmSync(file, { force: true });
    try {
      writeFileSync(paths.ended, '');
    } catch {
      // The disk is full: a second holder, which is rare, may bring a daemon back.
    }
    lock.release();
    process.exit(0);
  }

  /** Nothing is begun any more by itself. */
  #stopWatching(): void {
    const { tlsFiles, acme, staples, edgeTls, front } = this.#path;
    for (const part of [tlsFiles, acme, staples, edgeTls, front, ...this.#life.guardians]) part.close();
    this.#access.notifier.close();
    this.#access.observatory.close();
  }

  #stateChanged(): void {
    if (!this.#watching) return;
    this.#path.egress.changed();
    this.#path.dashboard.changed();
    this.#path.tlsFiles.changed();
    this.#path.acme.changed();
    this.#access.notifier.changed();
    for (const guardian of this.#life.guardians) guardian.changed();
  }

  #heard(fact: SupervisorFact): void {
    const { supervisor, readiness, exits, vitals, operations, releases, guardians } = this.#life;
    const { type, ...about } = eventOf(fact);
    // Before it is told: a daemon that is killed in between would leave a process of which nobody knows how it began or ended.
    if (type === 'instance.done' || type === 'instance.spawned') saveRecords(this.#kept, supervisor);
    this.#kept.journal.record(type, about);
    if (fact.kind === 'instance' && fact.fact.type === 'spawned') readiness.spawned(fact.instance);
    if (fact.kind === 'instance') exits.heard(fact.instance, fact.fact);
    if (fact.kind === 'adopted') vitals.adopted(fact.instance);
    if (fact.kind === 'adopted' && fact.instance.phase === 'starting') readiness.spawned(fact.instance);
    operations.heard(fact);
    releases.heard(fact);
    for (const guardian of guardians) guardian.heard(fact);
    // An edge may be able to answer the authority now.
    if (fact.app.name === EDGE) this.#path.acme.look();
  }
}
