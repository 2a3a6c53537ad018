/**
 * What commands do: each edits desired state, wakes the supervisor, and waits until the wish is true or plainly will not be.
 * None of them starts or stops a process.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AppPlan, EdgePlan, FrontServer, Plan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import { type Change, FRONT_NAME, type RestartRequest } from '../protocol/api.ts';
import type { DesiredApp } from '../supervisor/app.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { RolloutMode } from '../supervisor/rollout.ts';
import type { Supervisor, SupervisorFact } from '../supervisor/supervisor.ts';
import type { Crashes } from './crashes.ts';
import { type Address, type Doors, sameAddress } from './doors.ts';
import { EDGE, edgeAddresses, edgeAppPlan } from './edge-app.ts';
import { routedApps } from './edge-table.ts';
import { EGRESS, type EgressApp, isOwn, renewedEgressPlan, withEgress } from './egress-app.ts';
import { FrontPorts } from './front/front-ports.ts';
import type { LazyFront } from './front/lazy-front.ts';
import { InstanceOperations } from './instance-operations.ts';
import type { Journal } from './journal.ts';
import { freePort } from './lease.ts';
import { endInOrder } from './order.ts';
import type { Orphans } from './orphans.ts';
import type { Outputs } from './outputs.ts';
import { PortKeeper } from './port-keeper.ts';
import type { Standing } from './releases/promotion.ts';
import { inheritingPorts, keeping } from './releases/standing.ts';
import type { DesiredState, DesiredStore, StoredApp } from './state.ts';
import { differingVariables, fresh, renewed, stillIdle, withVariables } from './stored-app.ts';
import { changesFor, refuseForeign, targetState } from './up-plan.ts';
import { HURRY_MS, Wishes } from './wishes.ts';

export interface OperationsOptions {
  readonly store: DesiredStore;
  readonly supervisor: Supervisor;
  readonly doors: Doors;
  readonly journal: Journal;
  readonly outputs: Outputs;
  readonly crashes: Crashes;
  readonly orphans: Orphans;
  /** The file that an edge runs. */
  readonly edgeEntry: string;
  readonly edgeEnv: Readonly<Record<string, string>>;
  /** The file that the egress proxy runs. */
  readonly egressEntry: string;
  readonly front: Pick<LazyFront, 'load' | 'planOf' | 'check' | 'settled' | 'retry' | 'withdraw'>;
  /** Throws HoldfastError RIGHTS_MISSING, with what is missing, for an app that cannot be started here as its plan says. */
  requireRights(plan: AppPlan): void;
  /** The routes have changed. */
  refreshRoutes(): void;
  /** Resolves when others can open the ports whose doors were closed. */
  portsFreed(): Promise<void>;
}

/** How a release is brought up, other than the file of a person. */
export interface UpOptions {
  /** What is stopped stays so, instead of being started. */
  readonly keep?: Pick<Standing, 'stopped' | 'idle'>;
  /** The apps that are waited for; left out: all. */
  readonly waitFor?: readonly string[];
  /** Wait for it also when it has been made the wish before. */
  readonly insist?: boolean;
  /** Apps have the ports that their instances on trial have opened. */
  readonly inherit?: boolean;
  /** From then on it does not become the wish any more. */
  readonly signal?: AbortSignal;
}

export class Operations {
  readonly #options: OperationsOptions;
  readonly #ports: PortKeeper;
  readonly #wishes: Wishes;
  /** Of Holdfast's own apps that `renewOwn` has replaced: the generation. */
  readonly #renewed = new Map<string, number>();
  readonly #frontPorts: FrontPorts;
  /** Commands about one instance, jobs, signals. */
  readonly instances: InstanceOperations;

  constructor(options: OperationsOptions) {
    this.#options = options;
    const { store, doors, supervisor, journal } = options;
    this.#ports = new PortKeeper({ doors, journal, supervisor, state: () => store.state });
    this.#frontPorts = new FrontPorts(doors);
    this.#wishes = new Wishes({ ...options, ports: this.#ports });
    this.instances = new InstanceOperations({
      supervisor,
      journal,
      wishes: this.#wishes,
      startApp: (name, idle) => this.#startAgain(name, idle),
      stopApp: (name) => this.stop(name),
    });
  }

  get #state(): DesiredState {
    return this.#options.store.state;
  }

  /** The supervisor says what happens; those who wait here listen. */
  heard(fact: SupervisorFact): void {
    this.#wishes.heard(fact);
  }

  /** Starts a new app, or one of this name that does not run. A new one that says `autostart: false` is only listed. */
  async start(plan: AppPlan): Promise<void> {
    const { name } = plan;
    this.#wishes.refuseWhileEnding([name]);
    const stored = this.#state.apps[name];
    if (stored && stored.source !== null) {
      throw new HoldfastError(
        'APP_EXISTS',
        `Cannot start "${name}": an app of this name comes from "${stored.source}"`,
      );
    }
    if (stored && !stored.stopped && !this.#hasEnded(name)) {
      throw new HoldfastError('APP_EXISTS', `Cannot start "${name}": an app of this name runs already`, {
        hint: `Run \`hold restart ${name}\` or \`hold reload ${name}\`, or choose another name with \`-n\``,
      });
    }
    this.#options.requireRights(plan);
    const starts = stored !== undefined || plan.autostart;
    await this.#options.orphans.end([name]);
    const next = { ...fresh(plan, null), learned: stored?.learned ?? [] };
    if (starts) this.#ports.open([next], this.#withFrontPorts(next));
    this.#options.outputs.begin(name);
    this.#options.store.edit((state) => ({
      ...state,
      apps: {
        ...state.apps,
        [name]: { ...renewed(state.apps[name], plan, null, 'restart'), stopped: !starts },
      },
    }));
    this.#options.journal.record('app.changed', {
      app: name,
      data: { change: starts ? 'started' : 'added' },
    });
    this.#wakeEnded(name);
    await this.#wishes.makeTrue([name]);
  }

  /** Starts a stopped app with the settings that it has; one that has failed or is done is tried again. */
  startAgain(name: string): Promise<void> {
    return this.#startAgain(name, []);
  }

  async #startAgain(name: string, idle: readonly number[]): Promise<void> {
    this.#wishes.refuseWhileEnding([name]);
    const stored = this.#wishes.get(name);
    this.#options.requireRights(stored.plan);
    await this.#options.orphans.end([name]);
    this.#ports.open([stored], this.#withFrontPorts({ ...stored, stopped: false }));
    this.#options.outputs.begin(name);
    this.#wishes.edit(name, (old) => ({ ...old, stopped: false, idle }), { change: 'started' });
    this.#wakeEnded(name);
    await this.#wishes.makeTrue([name]);
  }

  async stop(name: string): Promise<void> {
    this.#wishes.get(name);
    const change = { change: 'stopped' };
    this.#wishes.edit(name, (old) => ({ ...old, stopped: true, idle: [], previous: null }), change);
    await this.#wishes.makeTrue([name]);
    // It may listen elsewhere when it is started again; unless somebody has started it already.
    this.#wishes.edit(name, (old) => (old.stopped ? { ...old, learned: [] } : old));
    this.#ports.closeUnwanted();
    await this.#options.portsFreed();
  }

  /** All at once: the old ones end before the new ones start. */
  restart(name: string, variables: RestartRequest = {}): Promise<void> {
    return this.#replace(name, 'restart', 'restarted', variables);
  }

  /** One after the other, each new one ready before its old one goes. `reason`: why, when no person asked for it. */
  reload(name: string, variables: RestartRequest = {}, reason: string | null = null): Promise<void> {
    return this.#replace(name, 'rolling', 'reloaded', variables, reason);
  }

  async scale(name: string, instances: number): Promise<void> {
    this.#wishes.refuseWhileEnding([name]);
    const stored = this.#wishes.get(name);
    if (!Number.isInteger(instances) || instances < 1 || instances > 1000) {
      throw new HoldfastError(
        'BAD_REQUEST',
        `Cannot scale "${name}" to "${instances}": it must be a number from 1 to 1000`,
        {
          hint: `To have none running, use \`hold stop ${name}\``,
        },
      );
    }
    const scaled = {
      ...stored,
      plan: { ...stored.plan, instances },
      idle: stillIdle(stored.idle, instances),
    };
    // With `portStep` every slot has a port, and behind a server in front, too.
    const hasPorts = stored.plan.portStep > 0 || this.#state.front !== null;
    if (!stored.stopped && hasPorts) this.#ports.open([scaled], this.#withFrontPorts(scaled));
    this.#wishes.edit(
      name,
      (old) => ({ ...old, plan: { ...old.plan, instances }, idle: stillIdle(old.idle, instances) }),
      { change: 'scaled', instances },
    );
    // So that the next `up` sees what differs from its file.
    if (name === EDGE) {
      const of = (edge: EdgePlan | null) => edge && { ...edge, processes: instances };
      this.#options.store.edit((state) => ({ ...state, edge: of(state.edge) }));
    }
    await this.#wishes.makeTrue([name]);
    if (hasPorts) this.#ports.closeUnwanted();
  }

  async delete(name: string): Promise<void> {
    const stored = this.#wishes.get(name);
    if (isOwn(name) || routedApps(this.#state).has(name)) {
      throw new HoldfastError('BAD_REQUEST', `Cannot delete "${name}": sites need it`, {
        hint: `Take it out of "${stored.source ?? 'the config file'}" and run \`hold up\`, or use \`hold down\``,
      });
    }
    await this.#delete([name]);
    this.#options.crashes.forget(name);
  }

  /** What `up` would change. Throws HoldfastError RIGHTS_MISSING with all that is missing for it. */
  plan(next: Plan): Change[] {
    const changes = changesFor(this.#state, next, (name) => this.#hasFailed(name));
    this.#requireRightsOf(changes, next);
    return changes;
  }

  #requireRightsOf(changes: readonly Change[], next: Plan): void {
    const missing: HoldfastError[] = [];
    for (const { kind, name } of changes) {
      const plan = next.apps[name];
      if (!plan || kind === 'remove') continue;
      try {
        this.#options.requireRights(plan);
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error;
        missing.push(error);
      }
    }
    const [first, ...others] = missing;
    if (!first) return;
    const details = [...first.details, ...others.flatMap(({ message, details: more }) => [message, ...more])];
    throw new HoldfastError(first.code, first.message, { hint: first.hint, details });
  }

  /** Makes what came from this file, and only that, equal to the file. */
  async up(next: Plan, how: UpOptions = {}): Promise<Change[]> {
    const { outputs, journal, orphans } = this.#options;
    this.#refuse(next);
    const changes = this.plan(next).filter(({ kind }) => kind !== 'start' || !how.keep);
    if (changes.length === 0 && !how.insist) {
      if (this.#state.front) await this.#tryFrontAgain();
      return changes;
    }
    if (next.front) await this.#options.front.load();
    const frontPlan = (server: FrontServer, edge: EdgePlan) => this.#options.front.planOf(server, edge);
    const withoutEgress = (state: DesiredState) =>
      this.#frontPorts.give(targetState(state, next, (...of) => this.#edgePlan(...of), frontPlan));
    if (next.front) await this.#checkFront(withoutEgress(this.#state));
    await orphans.end(Object.keys(next.apps));
    const egressApp = await this.#egressApp(next);
    const targetOf = (state: DesiredState) => {
      const target = withEgress(withoutEgress(state), next, egressApp);
      const equipped = how.inherit ? inheritingPorts(state, target) : target;
      return how.keep ? keeping(equipped, how.keep) : equipped;
    };
    const ended = await this.#makeRoomFor(targetOf(this.#state));
    // Other commands went on meanwhile: what counts is how things are now, and from here on nothing comes in between.
    const { apps: before } = this.#state;
    let removed: string[];
    try {
      how.signal?.throwIfAborted();
      removed = this.#take(next, targetAfter(ended, this.#state, targetOf));
    } catch (error) {
      await Promise.allSettled(ended.map((name) => this.startAgain(name)));
      throw error;
    }
    for (const { kind, what, name, detail } of changes) {
      // What stands around the apps changes often while a release is tried, and nobody asked for that.
      if (what !== 'app' && !how.insist)
        journal.record('config.changed', { data: { what, name, change: kind } });
      if (what !== 'app') continue;
      if (kind === 'add' || kind === 'start') outputs.begin(name);
      journal.record('app.changed', { app: name, data: { change: kind, detail } });
    }
    this.#options.refreshRoutes();
    const own = [EDGE, FRONT_NAME, EGRESS].filter((name) => this.#state.apps[name]);
    for (const name of [...Object.keys(next.apps), ...own]) {
      const plan = this.#state.apps[name]?.plan;
      if (plan) outputs.configure(plan);
    }
    outputs.setHomeCap(this.#state.logsTotalBytes);
    removed.push(...own.filter((name) => this.#state.apps[name]?.stopped));
    try {
      // Those of other files that something of this one is about.
      const others = Object.values(this.#state.apps)
        .filter(({ plan, generation }) => before[plan.name] && before[plan.name]?.generation !== generation)
        .map(({ plan }) => plan.name);
      // Before the server in front is started, which reads its file then, and again with all that runs then. That it refuses the file
      // is no reason to leave the apps half started: it is told at the end.
      await this.#options.front.settled().catch(() => undefined);
      const all = [...new Set([...Object.keys(next.apps), ...own, ...others])];
      const { waitFor = all } = how;
      await this.#wishes.makeTrue(
        all,
        all.filter((name) => waitFor.includes(name) || isOwn(name)),
      );
      await this.#frontSettled();
    } finally {
      this.#wishes.keepBefore(null);
      // Unless somebody wants it again by now.
      const unwanted = removed.filter((name) => this.#state.apps[name]?.stopped);
      if (unwanted.length > 0) await this.#delete(unwanted);
    }
    return changes;
  }

  /** Ends everything and forgets it: the apps first, those that depend on others before them, the edge last. */
  async down(): Promise<void> {
    const { store, orphans } = this.#options;
    this.#wishes.end({ keepWishes: false });
    const names = Object.keys(this.#state.apps).filter((name) => !isOwn(name));
    await Promise.all([this.#delete(names, HURRY_MS), orphans.endAll()]);
    await this.#delete([FRONT_NAME], HURRY_MS);
    await this.#options.front.withdraw({ ...this.#state, front: null });
    store.edit((state) => ({ ...state, sites: {} }));
    await this.#delete([EDGE, EGRESS], HURRY_MS);
    store.edit((state) => ({
      ...state,
      ...{
        edge: null,
        logsTotalBytes: null,
        egress: {},
        front: null,
        frontPorts: {},
        releases: {},
        notify: {},
      },
    }));
  }

  /** The machine goes down: ends everything, but keeps the wish for the next start. */
  async suspend(): Promise<void> {
    const { supervisor } = this.#options;
    this.#wishes.end({ keepWishes: true });
    const end = async (name: string) => {
      const app = supervisor.app(name);
      if (!app) return;
      app.desire({ ...app.desired, wanted: 0, drainLimitMs: HURRY_MS });
      await supervisor.until(() => app.isGone);
    };
    const apps = supervisor.apps.filter(({ name }) => !isOwn(name));
    await endInOrder(
      apps.map(({ name, desired }) => ({ name, after: desired.plan.after })),
      end,
    );
    await Promise.all([end(EDGE), end(FRONT_NAME), end(EGRESS)]);
    // Of a rollout that was under way nothing is left to go back to.
    for (const { plan, previous } of Object.values(this.#state.apps)) {
      if (previous) this.#wishes.edit(plan.name, (old) => ({ ...old, previous: null }));
    }
  }

  /** Starts the run of a job; resolves when its processes run. See InstanceOperations. */
  runJob(name: string): Promise<void> {
    return this.instances.runJob(name);
  }

  desiredApps(): Map<string, DesiredApp> {
    return this.#wishes.desiredApps();
  }

  addressesOf(name: string): readonly Address[] {
    return this.#ports.addressesOf(name);
  }

  learn(name: string, address: Address): void {
    this.#wishes.learn(name, address);
  }

  hindrance(instance: Instance): string | null {
    return this.#wishes.hindrance(instance);
  }

  reopenDoors(name: string): void {
    this.#ports.reopen(name);
  }

  /**
   * At the start of a daemon, before it takes over: Holdfast's own apps are of its version, and so run another program after an upgrade.
   * Those that run are replaced in order, and go back to the old program when the new one does not get ready.
   */
  renewOwn(runs: (app: string) => boolean): void {
    const { edge, apps } = this.#state;
    const { [EDGE]: oldEdge, [EGRESS]: oldEgress } = apps;
    if (edge && oldEdge) {
      this.#renewOne(oldEdge, this.#edgePlan(edge, edgeAddresses(this.#state)), runs(EDGE));
    }
    if (oldEgress) {
      this.#renewOne(oldEgress, renewedEgressPlan(oldEgress.plan, this.#options.egressEntry), runs(EGRESS));
    }
  }

  #renewOne(old: StoredApp, plan: AppPlan, runs: boolean): void {
    const { name } = plan;
    const next = renewed(old, plan, null, 'rolling');
    if (next.generation === old.generation) return;
    if (!runs || old.stopped) {
      this.#wishes.edit(name, () => ({ ...old, plan }));
      return;
    }
    this.#renewed.set(name, next.generation);
    this.#wishes.edit(
      name,
      () => ({ ...next, idle: old.idle }),
      { change: 'reloaded' },
      'Holdfast was upgraded',
    );
  }

  /**
   * At the start of a daemon: a port that somebody else has taken since, as after a boot, is given up for another one.
   *
   * @param inherited those that instances have which run
   */
  renewFrontPorts(inherited: ReadonlySet<number>): void {
    this.#frontPorts.inherited = inherited;
    if (!this.#state.front) return;
    const { frontPorts } = this.#frontPorts.give(this.#state);
    this.#options.store.edit((state) => ({ ...state, frontPorts }));
  }

  /** Closes what an earlier daemon did not come to close. */
  releaseDoors(): void {
    this.#ports.closeUnwanted();
  }

  #edgePlan(edge: EdgePlan, addresses: readonly Address[]): AppPlan {
    return edgeAppPlan(edge, addresses, this.#options.edgeEntry, this.#options.edgeEnv);
  }

  async #egressApp({ egress }: Plan): Promise<EgressApp> {
    const { egressEntry: entry, edgeEnv: baseEnv } = this.#options;
    return { entry, baseEnv, port: egress ? await freePort() : 0 };
  }

  #hasFailed(name: string): boolean {
    return this.#wishes.current(name).some(({ phase }) => phase === 'failed');
  }

  /** None of it runs, and none will without help. */
  #hasEnded(name: string): boolean {
    const current = this.#wishes.current(name);
    return this.#hasFailed(name) || (current.length > 0 && current.every(({ phase }) => phase === 'done'));
  }

  /** A person asks for it: what waits for its next try need not, and what is done is done again. */
  #wakeEnded(name: string): void {
    for (const instance of this.#wishes.current(name)) {
      if (instance.phase === 'backoff') instance.dispatch({ type: 'start' });
      if (instance.phase === 'done' && instance.plan.job === null) instance.dispatch({ type: 'start' });
    }
  }

  async #replace(
    name: string,
    mode: RolloutMode,
    change: string,
    { env, baseEnv }: RestartRequest,
    reason: string | null = null,
  ): Promise<void> {
    this.#wishes.refuseWhileEnding([name]);
    const stored = this.#wishes.get(name);
    // `hold upgrade` asks for what the new daemon does already.
    if (stored.previous && stored.generation === this.#renewed.get(name))
      return this.#wishes.makeTrue([name]);
    const plan = withVariables(stored.plan, env, baseEnv);
    const differing = differingVariables(stored.plan, plan);
    const data = { change, ...(differing.length > 0 ? { env: differing } : {}) };
    if (stored.stopped) {
      if (differing.length > 0) this.#wishes.edit(name, (old) => ({ ...old, plan }), data);
      return this.startAgain(name);
    }
    this.#wishes.edit(
      name,
      (old) => ({
        ...old,
        plan,
        mode,
        idle: mode === 'restart' ? [] : old.idle,
        generation: old.generation + 1,
        previous: old.previous ?? { plan: old.plan, generation: old.generation },
      }),
      data,
      reason,
    );
    await this.#wishes.makeTrue([name]);
  }

  async #delete(names: readonly string[], drainLimitMs: number | null = null): Promise<void> {
    const { supervisor, store, outputs } = this.#options;
    const apps = names.flatMap((name) => this.#state.apps[name] ?? []);
    for (const { plan } of apps) {
      this.#wishes.deleting.add(plan.name);
      this.#wishes.edit(plan.name, (old) => ({ ...old, stopped: true, previous: null }), {
        change: 'deleted',
      });
    }
    await endInOrder(
      apps.map(({ plan }) => plan),
      async (name) => {
        const stored = this.#state.apps[name];
        const app = supervisor.app(name);
        if (!stored || !app) return;
        app.desire({ ...this.#wishes.desired(stored), drainLimitMs });
        await supervisor.until(() => app.isGone);
        supervisor.forget(name);
      },
    );
    store.edit((state) => ({ ...state, apps: omit(state.apps, names) }));
    for (const name of names) {
      this.#wishes.deleting.delete(name);
      outputs.forget(name);
    }
    this.#ports.closeUnwanted();
    await this.#options.portsFreed();
  }

  #refuse(next: Plan): void {
    this.#wishes.refuseWhileEnding(Object.keys(next.apps));
    refuseForeign(this.#state, next);
  }

  /** Opens the doors that `target` needs, and makes it the wish. Returns the apps that are in it no more, which are to be deleted. */
  #take(next: Plan, target: DesiredState): string[] {
    this.#refuse(next);
    this.#ports.open(
      Object.values(target.apps).filter(({ stopped }) => !stopped),
      target,
    );
    const { apps, sites, edge, front } = this.#state;
    this.#wishes.keepBefore({ sites, edge, front });
    const removed = Object.keys(apps).filter((name) => !target.apps[name]);
    this.#options.store.edit(() => ({
      ...target,
      apps: { ...target.apps, ...pick(apps, removed, (app) => ({ ...app, stopped: true })) },
    }));
    return removed;
  }

  /**
   * A door that is open on another address of a port that `target` needs is in the way, also in the processes that have it: they end
   * first, so this is the one change that cannot be made without a gap. Returns the apps that ended for it.
   */
  async #makeRoomFor(target: DesiredState): Promise<readonly string[]> {
    const blocking = [...this.#ports.inTheWayOf(target), ...this.#changesPlaces(target)];
    if (blocking.length === 0) {
      await this.#options.front.withdraw(target);
      return [];
    }
    for (const name of blocking) {
      this.#wishes.edit(name, (old) => ({ ...old, stopped: true }), { change: 'stopped' });
    }
    await this.#wishes.makeTrue(blocking);
    this.#ports.closeUnwanted();
    await this.#options.portsFreed();
    await this.#options.front.withdraw(target);
    return blocking;
  }

  /** The edge and a server in front want the same ports: the one that is to go ends before the other begins. */
  #changesPlaces({ front }: DesiredState): readonly string[] {
    const runs = (name: string) => this.#state.apps[name]?.stopped === false;
    if (front && runs(EDGE)) return [EDGE];
    return runs(FRONT_NAME) && front?.server !== this.#state.front?.server ? [FRONT_NAME] : [];
  }

  /** Nothing is changed when it cannot be had. */
  async #checkFront(target: DesiredState): Promise<void> {
    try {
      this.#refuseTakenPorts(target);
      await this.#options.front.check(target);
    } catch (error) {
      this.#ports.closeUnwanted();
      throw error;
    }
  }

  /** Throws when the server in front refuses what by now is the wish, and runs. */
  async #frontSettled(): Promise<void> {
    try {
      await this.#options.front.settled();
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      const hint =
        'The apps are as the file says, but the server in front goes on with what it had. It is tried again every 30 seconds, and at once by `hold up`';
      throw new HoldfastError(error.code, error.message, { details: error.details, hint, cause: error });
    }
  }

  /** Somebody may have mended what the server found fault with. */
  async #tryFrontAgain(): Promise<void> {
    this.#options.front.retry();
    await this.#frontSettled();
  }

  /** A server of its own opens its ports itself, and would only say that it cannot when the wish is made already. */
  #refuseTakenPorts(target: DesiredState): void {
    const { doors } = this.#options;
    if (target.apps[FRONT_NAME]?.stopped !== false) return;
    const runs = this.#state.apps[FRONT_NAME]?.stopped === false;
    const known = runs ? edgeAddresses(this.#state) : [];
    for (const address of edgeAddresses(target)) {
      if (known.some((one) => sameAddress(one, address)) || doors.find(address)) continue;
      doors.open(address);
      doors.close(address);
    }
  }

  /** The wish with this app in it, and with ports for the server in front; which are kept from now on. */
  #withFrontPorts(app: StoredApp): DesiredState {
    const apps = { ...this.#state.apps, [app.plan.name]: app };
    const next = this.#frontPorts.give({ ...this.#state, apps });
    if (!isDeepStrictEqual(next.frontPorts, this.#state.frontPorts))
      this.#options.store.edit((state) => ({ ...state, frontPorts: next.frontPorts }));
    return next;
  }
}

/** The target, with those running again that ended for it. They start anew: there is nothing to go back to. */
function targetAfter(
  ended: readonly string[],
  state: DesiredState,
  targetOf: (state: DesiredState) => DesiredState,
): DesiredState {
  const apps = { ...state.apps, ...pick(state.apps, ended, (app) => ({ ...app, stopped: false })) };
  const target = targetOf({ ...state, apps });
  const anew = pick(target.apps, ended, (app) => ({ ...app, previous: null }));
  return { ...target, apps: { ...target.apps, ...anew } };
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
