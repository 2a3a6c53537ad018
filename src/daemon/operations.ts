/**
 * What commands do: each edits desired state, wakes the supervisor, and waits until the wish is true or plainly will not be.
 * None of them starts or stops a process.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AppPlan, EdgePlan, Plan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import type { Change, RestartRequest } from '../protocol/api.ts';
import type { DashboardAddress } from '../protocol/dashboard-settings.ts';
import type { DesiredApp } from '../supervisor/app.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { RolloutMode } from '../supervisor/rollout.ts';
import type { Supervisor, SupervisorFact } from '../supervisor/supervisor.ts';
import type { Crashes } from './crashes.ts';
import {
  DASHBOARD,
  type DashboardApp,
  dashboardPlan,
  OPENED,
  pageAddresses,
  withDashboard,
} from './dashboard-app.ts';
import type { Address, Doors } from './doors.ts';
import { EDGE, edgeAddresses, edgeAppPlan } from './edge-app.ts';
import { routedApps } from './edge-table.ts';
import { EGRESS, isOwn, renewedEgressPlan } from './egress-app.ts';
import { Ending } from './ending.ts';
import { FrontPorts } from './front/front-ports.ts';
import type { LazyFront } from './front/lazy-front.ts';
import { takenUp } from './front/taken-up.ts';
import { InstanceOperations } from './instance-operations.ts';
import type { Journal } from './journal.ts';
import { freePort } from './lease.ts';
import type { Orphans } from './orphans.ts';
import type { Outputs } from './outputs.ts';
import { PortKeeper } from './port-keeper.ts';
import type { DesiredState, DesiredStore, StoredApp } from './state.ts';
import { differingVariables, fresh, renewed, stillIdle, withVariables } from './stored-app.ts';
import { Up, type UpOptions } from './up.ts';
import { Wishes } from './wishes.ts';

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
  readonly dashboardApp: DashboardApp;
  readonly front: Pick<LazyFront, 'load' | 'planOf' | 'check' | 'settled' | 'retry' | 'withdraw'>;
  /** Throws HoldfastError RIGHTS_MISSING, with what is missing, for an app that cannot be started here as its plan says. */
  requireRights(plan: AppPlan): void;
  /** The routes have changed. */
  refreshRoutes(): void;
  /** Resolves when others can open the ports whose doors were closed. */
  portsFreed(): Promise<void>;
}

/** Of the dashboard, when nobody has it. */
const DASHBOARD_PORT = 4600;

export class Operations {
  readonly #options: OperationsOptions;
  readonly #ports: PortKeeper;
  readonly #wishes: Wishes;
  /** Of Holdfast's own apps that `renewOwn` has replaced: the generation. */
  readonly #renewed = new Map<string, number>();
  readonly #frontPorts: FrontPorts;
  readonly #ending: Ending;
  readonly #up: Up;
  /** Commands about one instance, jobs, signals. */
  readonly instances: InstanceOperations;

  constructor(options: OperationsOptions) {
    this.#options = options;
    const { store, doors, supervisor, journal } = options;
    this.#ports = new PortKeeper({ doors, journal, supervisor, state: () => store.state });
    this.#frontPorts = new FrontPorts(doors);
    this.#wishes = new Wishes({ ...options, ports: this.#ports });
    this.#ending = new Ending(options, this.#ports, this.#wishes);
    this.#up = new Up(options, {
      ports: this.#ports,
      wishes: this.#wishes,
      frontPorts: this.#frontPorts,
      ending: this.#ending,
      edgePlan: (...of) => this.#edgePlan(...of),
      hasFailed: (name) => this.#hasFailed(name),
      startAgain: (name) => this.startAgain(name),
    });
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

  /** When an app was changed. Throws when the server in front refuses what follows from it; the wish is kept. */
  async takenUpByFront(name: string): Promise<void> {
    if (this.#state.front && routedApps(this.#state).has(name)) await takenUp(this.#options.front);
  }

  async delete(name: string): Promise<void> {
    const stored = this.#wishes.get(name);
    if (isOwn(name) || routedApps(this.#state).has(name)) {
      throw new HoldfastError('BAD_REQUEST', `Cannot delete "${name}": sites need it`, {
        hint:
          stored.plan.release === null
            ? `Take it out of "${stored.source ?? 'the config file'}" and run \`hold up\`, or use \`hold down\``
            : `It comes with the releases of "${stored.plan.project}": take it out of the config file and run \`hold deploy\`, or use \`hold down\``,
      });
    }
    await this.#ending.delete([name]);
    this.#options.crashes.forget(name);
  }

  /** What `up` would change. Throws what `up` would throw. */
  rehearse(next: Plan): Change[] {
    return this.#up.rehearse(next);
  }

  /** What would change, whoever has the names. Throws HoldfastError RIGHTS_MISSING with all that is missing for it. */
  plan(next: Plan): Change[] {
    return this.#up.plan(next);
  }

  /** Makes what came from this file, and only that, equal to the file. */
  up(next: Plan, how: UpOptions = {}): Promise<Change[]> {
    return this.#up.make(next, how);
  }

  /** Ends everything and forgets it: the apps first, those that depend on others before them, the edge last. */
  down(): Promise<void> {
    return this.#ending.down();
  }

  /** The machine goes down: ends everything, but keeps the wish for the next start. */
  suspend(): Promise<void> {
    return this.#ending.suspend();
  }

  /** Sees to it that the dashboard runs where this machine reaches it; resolves when it does, with the address. */
  async openDashboard(): Promise<DashboardAddress> {
    this.#wishes.refuseWhileEnding([DASHBOARD]);
    const [known] = pageAddresses(this.#state);
    const listen = known ?? { host: '127.0.0.1', port: await this.#dashboardPort() };
    const change = (state: DesiredState) => {
      const opened = { listen, users: {} };
      const dashboard = known ? state.dashboard : { ...state.dashboard, [OPENED]: opened };
      return withDashboard({ ...state, dashboard }, this.#options.dashboardApp);
    };
    const target = change(this.#state);
    const app = target.apps[DASHBOARD];
    if (app) this.#ports.open([app], target);
    this.#options.store.edit(change);
    if (app) this.#options.outputs.configure(app.plan);
    await this.#wishes.makeTrue([DASHBOARD]);
    return listen;
  }

  /** Its sessions have ended, unless it is only that nobody looks; and it ends, unless the configuration wants it. */
  async closeDashboard(isIdle: boolean): Promise<void> {
    this.#options.store.edit(({ dashboard: { [OPENED]: _opened, ...dashboard }, ...state }) =>
      withDashboard(
        { ...state, dashboard, ...(!isIdle && { dashboardSessionsFrom: Date.now() }) },
        this.#options.dashboardApp,
      ),
    );
    const stored = this.#state.apps[DASHBOARD];
    if (stored?.stopped) await this.#ending.delete([DASHBOARD]);
    else if (stored) await this.#wishes.makeTrue([DASHBOARD]);
    this.#ports.closeUnwanted();
  }

  /** The usual one, unless somebody has it. */
  async #dashboardPort(): Promise<number> {
    const usual = { host: '127.0.0.1', port: DASHBOARD_PORT };
    try {
      this.#options.doors.open(usual);
      this.#options.doors.close(usual);
      return usual.port;
    } catch {
      return freePort();
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
    if (apps[DASHBOARD]) {
      const plan = dashboardPlan(this.#state, this.#options.dashboardApp);
      this.#renewOne(apps[DASHBOARD], plan, runs(DASHBOARD));
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

  /** The wish with this app in it, and with ports for the server in front; which are kept from now on. */
  #withFrontPorts(app: StoredApp): DesiredState {
    const apps = { ...this.#state.apps, [app.plan.name]: app };
    const next = this.#frontPorts.give({ ...this.#state, apps });
    if (!isDeepStrictEqual(next.frontPorts, this.#state.frontPorts))
      this.#options.store.edit((state) => ({ ...state, frontPorts: next.frontPorts }));
    return next;
  }
}
