/**
 * What commands do: each edits desired state, wakes the supervisor, and waits until the wish is true or plainly will not be.
 * None of them starts or stops a process.
 */

import { diffPlans } from '../config/diff.ts';
import type { AppPlan, Plan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import type { Change } from '../protocol/api.ts';
import type { App, DesiredApp } from '../supervisor/app.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { RolloutMode } from '../supervisor/rollout.ts';
import type { Supervisor, SupervisorFact } from '../supervisor/supervisor.ts';
import type { Crashes } from './crashes.ts';
import { type Address, type Doors, sameAddress } from './doors.ts';
import { EDGE, edgeAppPlan, routedApps } from './edge-app.ts';
import type { Journal } from './journal.ts';
import type { Outputs } from './outputs.ts';
import { addressesOf, hasGuest, refuseShared } from './ports.ts';
import { Settling } from './settling.ts';
import type { DesiredState, DesiredStore, StoredApp } from './state.ts';
import { fresh, renewed } from './stored-app.ts';

export interface OperationsOptions {
  readonly store: DesiredStore;
  readonly supervisor: Supervisor;
  readonly doors: Doors;
  readonly journal: Journal;
  readonly outputs: Outputs;
  readonly crashes: Crashes;
  /** The file that an edge runs. */
  readonly edgeEntry: string;
  readonly edgeEnv: Readonly<Record<string, string>>;
  /** The routes have changed. */
  refreshRoutes(): void;
  /** Resolves when others can open the ports whose doors were closed. */
  portsFreed(): Promise<void>;
}

/** When everything goes down, nobody waits long for the last requests: a long poll may take half a minute. */
const HURRY_MS = 2000;

export class Operations {
  readonly #options: OperationsOptions;
  readonly #settling: Settling;
  /** By app: the newest instance that was started before its last port was learned, and so without that. */
  readonly #unequipped = new Map<string, number>();
  /** Everything is being ended, and nothing may begin. */
  #ending = false;
  /** Only the processes end; the wish is kept for the next daemon. */
  #suspending = false;
  readonly #deleting = new Set<string>();

  constructor(options: OperationsOptions) {
    this.#options = options;
    const isUnequipped = ({ plan, serial }: Instance) => serial <= (this.#unequipped.get(plan.name) ?? 0);
    this.#settling = new Settling(options.supervisor, options.outputs, isUnequipped);
  }

  get #state(): DesiredState {
    return this.#options.store.state;
  }

  /** The supervisor says what happens; those who wait here listen. */
  heard(fact: SupervisorFact): void {
    if (fact.kind === 'rollout' && fact.fact.type === 'failed') this.#rollBack(fact.app);
    if (fact.kind === 'rollout' && fact.fact.type === 'done') this.#rolledOut(fact.app);
    this.#settling.heard(fact);
  }

  /** Starts a new app, or one of this name that is stopped. */
  async start(plan: AppPlan): Promise<void> {
    this.#refuseWhileEnding([plan.name]);
    const stored = this.#state.apps[plan.name];
    if (stored && stored.source !== null) {
      throw new HoldfastError(
        'APP_EXISTS',
        `Cannot start "${plan.name}": an app of this name comes from "${stored.source}"`,
      );
    }
    if (stored && !stored.stopped && !this.#hasFailed(plan.name)) {
      throw new HoldfastError('APP_EXISTS', `Cannot start "${plan.name}": an app of this name runs already`, {
        hint: `Run \`hold restart ${plan.name}\` or \`hold reload ${plan.name}\`, or choose another name with \`-n\``,
      });
    }
    this.#openDoors([{ ...fresh(plan, null), learned: stored?.learned ?? [] }]);
    this.#options.outputs.begin(plan.name);
    this.#store(plan.name, (old) => renewed(old, plan, null, 'restart'));
    this.#options.journal.record('app.changed', { app: plan.name, data: { change: 'started' } });
    await this.#makeTrue([plan.name]);
  }

  /** Starts a stopped app with the settings that it has; one that has failed is tried again. */
  async startAgain(name: string): Promise<void> {
    this.#refuseWhileEnding([name]);
    const stored = this.#get(name);
    this.#openDoors([stored]);
    this.#options.outputs.begin(name);
    this.#store(name, (old) => ({ ...old, stopped: false }), { change: 'started' });
    for (const instance of this.#options.supervisor.app(name)?.current ?? []) {
      if (instance.phase === 'backoff') instance.dispatch({ type: 'start' });
    }
    await this.#makeTrue([name]);
  }

  async stop(name: string): Promise<void> {
    this.#get(name);
    this.#store(name, (old) => ({ ...old, stopped: true, previous: null }), { change: 'stopped' });
    await this.#makeTrue([name]);
    // It may listen elsewhere when it is started again; unless somebody has started it already.
    this.#options.store.editApp(name, (old) => (old.stopped ? { ...old, learned: [] } : old));
    this.#closeDoors();
    await this.#options.portsFreed();
  }

  /** All at once: the old ones end before the new ones start. */
  restart(name: string): Promise<void> {
    return this.#replace(name, 'restart', 'restarted');
  }

  /** One after the other, each new one ready before its old one goes. */
  reload(name: string): Promise<void> {
    return this.#replace(name, 'rolling', 'reloaded');
  }

  async scale(name: string, instances: number): Promise<void> {
    this.#refuseWhileEnding([name]);
    this.#get(name);
    if (!Number.isInteger(instances) || instances < 1 || instances > 1000) {
      throw new HoldfastError(
        'BAD_REQUEST',
        `Cannot scale "${name}" to "${instances}": it must be a number from 1 to 1000`,
        {
          hint: `To have none running, use \`hold stop ${name}\``,
        },
      );
    }
    this.#store(name, (old) => ({ ...old, plan: { ...old.plan, instances } }), {
      change: 'scaled',
      instances,
    });
    await this.#makeTrue([name]);
  }

  async delete(name: string): Promise<void> {
    const stored = this.#get(name);
    if (name === EDGE || routedApps(this.#state).has(name)) {
      throw new HoldfastError('BAD_REQUEST', `Cannot delete "${name}": sites need it`, {
        hint: `Take it out of "${stored.source ?? 'the config file'}" and run \`hold up\`, or use \`hold down\``,
      });
    }
    await this.#delete([name]);
    this.#options.crashes.forget(name);
  }

  /** What `up` would change. */
  plan(next: Plan): Change[] {
    const current = this.#currentPlan(next.source, next);
    const changes: Change[] = diffPlans(current, next);
    for (const name of Object.keys(next.apps)) {
      const stored = this.#state.apps[name];
      if (!stored || changes.some((change) => change.what === 'app' && change.name === name)) continue;
      if (stored.stopped) changes.push({ kind: 'start', what: 'app', name, detail: ['it is stopped'] });
      else if (this.#hasFailed(name))
        changes.push({ kind: 'start', what: 'app', name, detail: ['it has failed'] });
    }
    return changes;
  }

  /** Makes what came from this file, and only that, equal to the file. */
  async up(next: Plan): Promise<Change[]> {
    this.#refuseWhileEnding(Object.keys(next.apps));
    this.#refuseForeign(next);
    const changes = this.plan(next);
    if (changes.length === 0) return changes;
    const target = this.#targetState(next);
    this.#openDoors(
      Object.values(target.apps).filter(({ stopped }) => !stopped),
      target,
    );
    const removed = changes
      .filter(({ kind, what }) => kind === 'remove' && what === 'app')
      .map(({ name }) => name);
    this.#options.store.edit(() => ({
      ...target,
      apps: { ...target.apps, ...pick(this.#state.apps, removed, (app) => ({ ...app, stopped: true })) },
    }));
    for (const { kind, what, name, detail } of changes) {
      if (what !== 'app') continue;
      if (kind === 'add' || kind === 'start') this.#options.outputs.begin(name);
      this.#options.journal.record('app.changed', { app: name, data: { change: kind, detail } });
    }
    this.#options.refreshRoutes();
    for (const name of Object.keys(next.apps)) {
      const plan = this.#state.apps[name]?.plan;
      if (plan) this.#options.outputs.configure(plan);
    }
    const edge = this.#state.apps[EDGE] ? [EDGE] : [];
    if (this.#state.apps[EDGE]?.stopped) removed.push(EDGE);
    try {
      await this.#makeTrue([...Object.keys(next.apps), ...edge]);
    } finally {
      if (removed.length > 0) await this.#delete(removed);
    }
    return changes;
  }

  /** Ends everything and forgets it: the apps first, the edge last. */
  async down(): Promise<void> {
    this.#ending = true;
    const names = Object.keys(this.#state.apps).filter((name) => name !== EDGE);
    await this.#delete(names, HURRY_MS);
    this.#options.store.edit((state) => ({ ...state, sites: {} }));
    await this.#delete([EDGE], HURRY_MS);
    this.#options.store.edit((state) => ({ ...state, edge: null }));
  }

  /** The machine goes down: ends everything, but keeps the wish for the next start. */
  async suspend(): Promise<void> {
    const { supervisor } = this.#options;
    this.#ending = true;
    this.#suspending = true;
    const end = async (apps: readonly App[]) => {
      for (const app of apps) {
        app.desire({ ...app.desired, wanted: 0, drainLimitMs: HURRY_MS });
      }
      await supervisor.until(() => apps.every((app) => app.isGone));
    };
    await end(supervisor.apps.filter(({ name }) => name !== EDGE));
    await end(supervisor.apps);
  }

  /** The wish for every app, as the supervisor takes it. */
  desiredApps(): Map<string, DesiredApp> {
    return new Map(
      Object.values(this.#state.apps).map((stored) => [stored.plan.name, this.#desired(stored)]),
    );
  }

  /** The addresses that the instances of an app inherit as open sockets. */
  addressesOf(name: string): readonly Address[] {
    const stored = this.#state.apps[name];
    return stored ? addressesOf(stored, this.#state) : [];
  }

  /** An app listens on an address that nobody knew of, and offers a copy of the socket. */
  learn(name: string, address: Address): void {
    const stored = this.#state.apps[name];
    if (!stored || addressesOf(stored, this.#state).some((known) => sameAddress(known, address))) return;
    this.#options.store.editApp(name, (old) => ({ ...old, learned: [...old.learned, address] }));
    const serials = (this.#options.supervisor.app(name)?.instances ?? []).map(({ serial }) => serial);
    this.#unequipped.set(name, Math.max(0, ...serials));
    this.#options.supervisor.app(name)?.desire(this.#desired(this.#get(name)));
  }

  /** Opens what is missing of the ports of an app, as far as that is possible. */
  reopenDoors(name: string): void {
    for (const address of this.addressesOf(name)) {
      if (this.#options.doors.find(address)) continue;
      try {
        this.#options.doors.open(address);
      } catch (error) {
        // Its instances may have it still; a new one will say what it cannot do.
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.journal.record('port.unheld', { app: name, reason, data: { ...address } });
      }
    }
  }

  /** Closes what an earlier daemon did not come to close. */
  releaseDoors(): void {
    this.#closeDoors();
  }

  /** @throws HoldfastError BUSY when what is to begin is just being ended */
  #refuseWhileEnding(names: readonly string[]): void {
    if (this.#ending)
      throw new HoldfastError('BUSY', 'Cannot begin anything now: everything is being stopped');
    const name = names.find((one) => this.#deleting.has(one));
    if (name)
      throw new HoldfastError('BUSY', `Cannot begin anything with "${name}" now: it is being deleted`);
  }

  #get(name: string): StoredApp {
    const stored = this.#state.apps[name];
    if (stored) return stored;
    const names = Object.keys(this.#state.apps).filter((other) => other !== EDGE);
    const known =
      names.length === 0 ? 'there are no apps' : `there is ${names.map((n) => `"${n}"`).join(', ')}`;
    throw new HoldfastError('APP_UNKNOWN', `There is no app "${name}": ${known}`);
  }

  #hasFailed(name: string): boolean {
    return (this.#options.supervisor.app(name)?.current ?? []).some(({ phase }) => phase === 'failed');
  }

  #store(name: string, change: (old: StoredApp | undefined) => StoredApp): void;
  #store(name: string, change: (old: StoredApp) => StoredApp, data: Record<string, unknown>): void;
  #store(name: string, change: (old: never) => StoredApp, data?: Record<string, unknown>): void {
    const old = this.#state.apps[name] as never;
    this.#options.store.edit((state) => ({ ...state, apps: { ...state.apps, [name]: change(old) } }));
    if (data) this.#options.journal.record('app.changed', { app: name, data });
  }

  async #replace(name: string, mode: RolloutMode, change: string): Promise<void> {
    this.#refuseWhileEnding([name]);
    const stored = this.#get(name);
    if (stored.stopped) return this.startAgain(name);
    this.#store(
      name,
      (old) => ({
        ...old,
        mode,
        generation: old.generation + 1,
        previous: old.previous ?? { plan: old.plan, generation: old.generation },
      }),
      { change },
    );
    await this.#makeTrue([name]);
  }

  /**
   * Two of it can run at once: they share held ports, or have none that is their own. A port that an app listens on is
   * not held when daemon and holder were killed together; then the old one must end before the new one can have it.
   */
  #canOverlap(stored: StoredApp): boolean {
    const { plan } = stored;
    const sharesPorts = hasGuest(plan) || plan.name === EDGE;
    if (!sharesPorts) return plan.port === null || routedApps(this.#state).has(plan.name);
    return addressesOf(stored, this.#state).every((address) => this.#options.doors.find(address));
  }

  #desired(stored: StoredApp): DesiredApp {
    const { plan, stopped, generation, previous } = stored;
    // It may open ports that nobody named, also beside one that is: two that bind the same at once would not both start.
    const oneFirst = hasGuest(plan) && stored.learned.length === 0;
    const mode = this.#canOverlap(stored) ? stored.mode : 'restart';
    const wanted = stopped || this.#suspending ? 0 : plan.instances;
    const drainLimitMs = this.#suspending ? HURRY_MS : null;
    return { plan, wanted, generation, mode, oneFirst, previous, drainLimitMs };
  }

  /** Gives the wish to the supervisor and waits. Fails with what happened to the first app that fails. */
  async #makeTrue(names: readonly string[]): Promise<void> {
    const { supervisor } = this.#options;
    const waits = names.map((name) => this.#settling.wait(name));
    for (const name of names) {
      const stored = this.#state.apps[name];
      if (stored) supervisor.desire(name, this.#desired(stored));
      // A person asks for it, so what has given up is tried again.
      for (const instance of supervisor.app(name)?.current ?? []) {
        if (instance.phase === 'failed') instance.dispatch({ type: 'start' });
      }
    }
    const results = await Promise.allSettled(waits.map(({ promise }) => promise));
    for (const { cancel } of waits) cancel();
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as HoldfastError] : [],
    );
    const [first, ...others] = failures;
    if (!first) return;
    if (others.length === 0) throw first;
    const details = [...first.details, ...others.flatMap(({ message, details }) => [message, ...details])];
    throw new HoldfastError(first.code, first.message, { hint: first.hint, details });
  }

  #rolledOut(app: App): void {
    this.#options.store.editApp(app.name, (old) => ({ ...old, previous: null }));
    this.#closeDoors();
  }

  /** The new generation does not work: the old one is the wish again. */
  #rollBack(app: App): void {
    const previous = this.#state.apps[app.name]?.previous;
    if (!previous) return;
    this.#options.store.editApp(app.name, (old) => ({
      ...old,
      generation: previous.generation,
      // A scale change in between holds.
      plan: { ...previous.plan, instances: old.plan.instances },
      mode: 'rolling',
      previous: null,
    }));
    this.#closeDoors();
    app.desire(this.#desired(this.#get(app.name)));
  }

  async #delete(names: readonly string[], drainLimitMs: number | null = null): Promise<void> {
    const { supervisor } = this.#options;
    for (const name of names) {
      if (!this.#state.apps[name]) continue;
      this.#deleting.add(name);
      this.#store(name, (old) => ({ ...old, stopped: true, previous: null }), { change: 'deleted' });
    }
    await Promise.all(
      names.map(async (name) => {
        const stored = this.#state.apps[name];
        const app = supervisor.app(name);
        if (!stored || !app) return;
        app.desire({ ...this.#desired(stored), drainLimitMs });
        await supervisor.until(() => app.isGone);
        supervisor.forget(name);
      }),
    );
    this.#options.store.edit((state) => ({ ...state, apps: omit(state.apps, names) }));
    for (const name of names) {
      this.#deleting.delete(name);
      this.#options.outputs.forget(name);
    }
    this.#closeDoors();
    await this.#options.portsFreed();
  }

  /** All or nothing: when one cannot be opened, those opened just now are closed again. */
  #openDoors(apps: readonly StoredApp[], state: DesiredState = this.#state): void {
    const opened: Address[] = [];
    for (const app of apps) refuseShared(app, state);
    for (const { plan } of apps) if (!hasGuest(plan) && plan.name !== EDGE) this.#checkFree(plan);
    try {
      for (const address of apps.flatMap((app) => addressesOf(app, state))) {
        if (this.#options.doors.find(address)) continue;
        this.#options.doors.open(address);
        opened.push(address);
        this.#options.journal.record('port.held', { data: { ...address } });
      }
    } catch (error) {
      for (const address of opened) this.#options.doors.close(address);
      throw error;
    }
  }

  /** A program that opens its port itself should find it free, or the command can say at once that it is not. */
  #checkFree({ name, port }: AppPlan): void {
    const runs = (this.#options.supervisor.app(name)?.instances.length ?? 0) > 0;
    if (port === null || runs || routedApps(this.#state).has(name)) return;
    const address = { host: null, port };
    if (this.#options.doors.find(address)) {
      throw new HoldfastError(
        'PORT_TAKEN',
        `Cannot start "${name}": another app of Holdfast has port ${port}`,
      );
    }
    this.#options.doors.open(address);
    this.#options.doors.close(address);
  }

  /** Closes the doors that no app wants any more. */
  #closeDoors(): void {
    const wanted = Object.values(this.#state.apps)
      .filter(({ stopped }) => !stopped)
      .flatMap((app) => addressesOf(app, this.#state));
    for (const door of this.#options.doors.all) {
      if (wanted.some((address) => sameAddress(address, door))) continue;
      this.#options.doors.close(door);
      this.#options.journal.record('port.released', { data: { host: door.host, port: door.port } });
    }
  }

  #refuseForeign(next: Plan): void {
    for (const name of Object.keys(next.apps)) {
      const stored = this.#state.apps[name];
      if (!stored || stored.source === next.source) continue;
      const from = stored.source === null ? 'was started with `hold start`' : `comes from "${stored.source}"`;
      throw new HoldfastError(
        'APP_EXISTS',
        `Cannot take "${name}" from "${next.source}": an app of this name ${from}`,
      );
    }
    for (const host of Object.keys(next.sites)) {
      const stored = this.#state.sites[host];
      if (!stored || stored.source === next.source) continue;
      throw new HoldfastError(
        'APP_EXISTS',
        `Cannot take the site "${host}": it comes from "${stored.source}"`,
      );
    }
  }

  /** What runs now of what came from this file, in the shape of a plan. */
  #currentPlan(source: string | null, next: Plan): Plan {
    const mine = Object.values(this.#state.apps).filter(
      (app) => app.source === source && app.plan.name !== EDGE,
    );
    const sites = Object.values(this.#state.sites).filter((entry) => entry.source === source);
    return {
      source,
      apps: Object.fromEntries(mine.map(({ plan }) => [plan.name, plan])),
      sites: Object.fromEntries(sites.map(({ site }) => [site.host, site])),
      // Without sites there is no edge, so its settings make no difference.
      edge: Object.keys(next.sites).length === 0 ? next.edge : (this.#state.edge ?? next.edge),
      logsTotalBytes: next.logsTotalBytes,
    };
  }

  #targetState(next: Plan): DesiredState {
    const { source } = next;
    const others = Object.entries(this.#state.apps).filter(
      ([name, app]) => app.source !== source || name === EDGE,
    );
    const otherSites = Object.entries(this.#state.sites).filter(([, entry]) => entry.source !== source);
    const sites = Object.fromEntries([
      ...otherSites,
      ...Object.entries(next.sites).map(([host, site]) => [host, { site, source }]),
    ]) as DesiredState['sites'];
    const edge = Object.keys(next.sites).length > 0 ? next.edge : this.#state.edge;
    const before = routedApps(this.#state);
    const after = routedApps({ ...this.#state, sites });
    const apps: Record<string, StoredApp> = Object.fromEntries(others);
    for (const [name, plan] of Object.entries(next.apps)) {
      const old = this.#state.apps[name];
      // An app that becomes routed, or is no longer, listens elsewhere.
      const moved = before.has(name) !== after.has(name);
      apps[name] = renewed(old, plan, source, 'rolling', moved);
    }
    const state: DesiredState = { version: 1, apps, sites, edge };
    return this.#withEdge(state);
  }

  #withEdge(state: DesiredState): DesiredState {
    const { [EDGE]: old, ...apps } = state.apps;
    if (Object.keys(state.sites).length === 0 || !state.edge) {
      return old ? { ...state, apps: { ...apps, [EDGE]: { ...old, stopped: true } } } : state;
    }
    const plan = edgeAppPlan(state.edge, this.#options.edgeEntry, this.#options.edgeEnv);
    return { ...state, apps: { ...apps, [EDGE]: renewed(old, plan, null, 'rolling') } };
  }
}

function pick(
  apps: Readonly<Record<string, StoredApp>>,
  names: readonly string[],
  change: (app: StoredApp) => StoredApp,
): Record<string, StoredApp> {
  return Object.fromEntries(names.flatMap((name) => (apps[name] ? [[name, change(apps[name])]] : [])));
}

function omit<T>(record: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}
