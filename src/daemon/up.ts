/** `up`: makes what came from a file equal to the file, or to a release of it; and the server in front with it. */
import type { AppPlan, EdgePlan, FrontServer, Plan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import { type Change, FRONT_NAME } from '../protocol/api.ts';
import { DASHBOARD, withDashboard } from './dashboard-app.ts';
import { type Address, sameAddress } from './doors.ts';
import { EDGE, edgeAddresses } from './edge-app.ts';
import { refuseOtherEdge, withAsks } from './edge-asks.ts';
import { EGRESS, type EgressApp, isOwn, withEgress } from './egress-app.ts';
import type { Ending } from './ending.ts';
import type { FrontPorts } from './front/front-ports.ts';
import { takenUp } from './front/taken-up.ts';
import { freePort } from './lease.ts';
import type { OperationsOptions } from './operations.ts';
import type { PortKeeper } from './port-keeper.ts';
import type { Standing } from './releases/promotion.ts';
import { inheritingPorts, keeping } from './releases/standing.ts';
import type { DesiredState, StoredApp } from './state.ts';
import { changesFor, refuseForeign, targetState } from './up-plan.ts';
import type { Wishes } from './wishes.ts';

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

/** What it shares with the other operations. */
export interface UpParts {
  readonly ports: PortKeeper;
  readonly wishes: Wishes;
  readonly frontPorts: FrontPorts;
  readonly ending: Ending;
  edgePlan(edge: EdgePlan, addresses: readonly Address[]): AppPlan;
  hasFailed(name: string): boolean;
  startAgain(name: string): Promise<void>;
}

export class Up {
  readonly #options: OperationsOptions;
  readonly #parts: UpParts;
  readonly #ports: PortKeeper;
  readonly #wishes: Wishes;

  constructor(options: OperationsOptions, parts: UpParts) {
    this.#options = options;
    this.#parts = parts;
    this.#ports = parts.ports;
    this.#wishes = parts.wishes;
  }

  get #state(): DesiredState {
    return this.#options.store.state;
  }

  /** What `up` would change. Throws what `up` would throw. */
  rehearse(next: Plan): Change[] {
    this.#refuse(next);
    refuseOtherEdge(this.#state, next);
    return this.plan(next);
  }

  /** What would change, whoever has the names. Throws HoldfastError RIGHTS_MISSING with all that is missing for it. */
  plan(next: Plan): Change[] {
    const changes = changesFor(this.#state, next, (name) => this.#parts.hasFailed(name));
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
  async make(next: Plan, how: UpOptions = {}): Promise<Change[]> {
    const { outputs, journal, orphans } = this.#options;
    this.#refuse(next);
    // A release was asked before it was tried, and must be able to go back.
    if (!how.insist) refuseOtherEdge(this.#state, next);
    const changes = this.plan(next).filter(({ kind }) => kind !== 'start' || !how.keep);
    if (changes.length === 0 && !how.insist) {
      const asking = withAsks(this.#state, next);
      if (asking !== this.#state) this.#options.store.edit(() => asking);
      if (this.#state.front) await this.#tryFrontAgain();
      return changes;
    }
    if (next.front) await this.#options.front.load();
    const frontPlan = (server: FrontServer, edge: EdgePlan) => this.#options.front.planOf(server, edge);
    const withoutEgress = (state: DesiredState) =>
      this.#parts.frontPorts.give(
        targetState(state, next, (...of) => this.#parts.edgePlan(...of), frontPlan),
      );
    if (next.front) await this.#checkFront(withoutEgress(this.#state));
    await orphans.end(Object.keys(next.apps));
    const egressApp = await this.#egressApp(next);
    const targetOf = (state: DesiredState) => {
      const target = withDashboard(
        withEgress(withoutEgress(state), next, egressApp),
        this.#options.dashboardApp,
      );
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
      await Promise.allSettled(ended.map((name) => this.#parts.startAgain(name)));
      throw error;
    }
    for (const { kind, what, name, detail } of changes) {
      // What stands around the apps changes often while a release is tried, and nobody asked for that.
      if (what !== 'app' && !how.insist)
        journal.record('config.changed', { data: { what, name, change: kind } });
      if (what !== 'app') continue;
      if (kind === 'add' || kind === 'start') outputs.begin(name);
      journal.record('app.changed', {
        app: name,
        data: { change: kind, detail, ...(how.insist && { via: 'release' }) },
      });
    }
    this.#options.refreshRoutes();
    const own = [EDGE, FRONT_NAME, EGRESS, DASHBOARD].filter((name) => this.#state.apps[name]);
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
        // What only shows things is no reason for a change to fail.
        all.filter((name) => name !== DASHBOARD && (waitFor.includes(name) || isOwn(name))),
      );
      await takenUp(this.#options.front);
    } finally {
      this.#wishes.keepBefore(null);
      // Unless somebody wants it again by now.
      const unwanted = removed.filter((name) => this.#state.apps[name]?.stopped);
      if (unwanted.length > 0) await this.#parts.ending.delete(unwanted);
    }
    return changes;
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

  /** Somebody may have mended what the server found fault with. */
  async #tryFrontAgain(): Promise<void> {
    this.#options.front.retry();
    await takenUp(this.#options.front);
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

  async #egressApp({ egress }: Plan): Promise<EgressApp> {
    const { egressEntry: entry, edgeEnv: baseEnv } = this.#options;
    return { entry, baseEnv, port: egress ? await freePort() : 0 };
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
