/**
 * What is wished of each app, given to the supervisor, and what comes back: whether it came true, what was learned on the
 * way, what to go back to. The commands (operations.ts, instance-operations.ts) are made of this.
 */
import { HoldfastError } from '../errors.ts';
import type { App, DesiredApp } from '../supervisor/app.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { Supervisor, SupervisorFact } from '../supervisor/supervisor.ts';
import { type Address, describeAddress, sameAddress } from './doors.ts';
import { EDGE } from './edge-app.ts';
import { isOwn } from './egress-app.ts';
import type { Journal } from './journal.ts';
import type { Outputs } from './outputs.ts';
import type { PortKeeper } from './port-keeper.ts';
import { addressesOf, hasGuest } from './ports.ts';
import { isOfWaiting, Settling } from './settling.ts';
import type { DesiredState, DesiredStore, StoredApp } from './state.ts';

export interface WishesOptions {
  readonly store: DesiredStore;
  readonly supervisor: Supervisor;
  readonly ports: PortKeeper;
  readonly journal: Journal;
  readonly outputs: Outputs;
  /** The routes have changed. */
  refreshRoutes(): void;
}

/** When everything goes down, nobody waits long for the last requests: a long poll may take half a minute. */
export const HURRY_MS = 2000;

export class Wishes {
  readonly #options: WishesOptions;
  readonly #settling: Settling;
  /** By app: the newest instance that was started before its last port was learned, and so without that. */
  readonly #unequipped = new Map<string, number>();
  /** What the edge was before an `up` that is under way, should its rollout fail. */
  #before: Pick<DesiredState, 'sites' | 'edge' | 'front'> | null = null;
  /** Everything is being ended, and nothing may begin. */
  #ending = false;
  /** Only the processes end; the wish is kept for the next daemon. */
  #suspending = false;
  readonly deleting = new Set<string>();

  constructor(options: WishesOptions) {
    this.#options = options;
    const isUnequipped = ({ plan, serial }: Instance) => serial <= (this.#unequipped.get(plan.name) ?? 0);
    this.#settling = new Settling(options.supervisor, options.outputs, isUnequipped);
  }

  get state(): DesiredState {
    return this.#options.store.state;
  }

  /** @throws HoldfastError APP_UNKNOWN */
  get(name: string): StoredApp {
    const stored = this.state.apps[name];
    if (stored) return stored;
    const names = Object.keys(this.state.apps).filter((other) => !isOwn(other));
    const known =
      names.length === 0 ? 'there are no apps' : `there is ${names.map((n) => `"${n}"`).join(', ')}`;
    throw new HoldfastError('APP_UNKNOWN', `There is no app "${name}": ${known}`);
  }

  /** The instances that do the work of an app. */
  current(name: string): readonly Instance[] {
    return this.#options.supervisor.app(name)?.current ?? [];
  }

  /** Changes what is wished of an app that is there; `data` says what, for the journal. */
  edit(
    name: string,
    change: (old: StoredApp) => StoredApp,
    data?: Readonly<Record<string, unknown>>,
    reason: string | null = null,
  ): void {
    this.#options.store.editApp(name, change);
    if (data) this.#options.journal.record('app.changed', { app: name, ...(reason && { reason }), data });
  }

  /** Everything is being ended from now on. */
  end({ keepWishes }: { keepWishes: boolean }): void {
    this.#ending = true;
    this.#suspending = keepWishes;
  }

  /** @throws HoldfastError BUSY when what is to begin is just being ended */
  refuseWhileEnding(names: readonly string[]): void {
    if (this.#ending)
      throw new HoldfastError('BUSY', 'Cannot begin anything now: everything is being stopped');
    const name = names.find((one) => this.deleting.has(one));
    if (name)
      throw new HoldfastError('BUSY', `Cannot begin anything with "${name}" now: it is being deleted`);
  }

  /** The wish for an app, as the supervisor takes it. */
  desired(stored: StoredApp): DesiredApp {
    const { plan, stopped, generation, previous, idle } = stored;
    // It may open ports that nobody named, also beside one that is: two that bind the same at once would not both start.
    const oneFirst = hasGuest(plan) && stored.learned.length === 0;
    const overlap = this.#options.ports.canOverlap(stored);
    const mode = overlap ? stored.mode : 'restart';
    const wanted = stopped || this.#suspending ? 0 : plan.instances;
    const drainLimitMs = this.#suspending ? HURRY_MS : null;
    return { plan, wanted, idle, generation, mode, overlap, oneFirst, previous, drainLimitMs };
  }

  desiredApps(): Map<string, DesiredApp> {
    return new Map(Object.values(this.state.apps).map((stored) => [stored.plan.name, this.desired(stored)]));
  }

  /**
   * Gives the wish to the supervisor and waits. Fails with what happened to the first app that fails.
   * @param waitFor those of them that it is about
   */
  async makeTrue(names: readonly string[], waitFor: readonly string[] = names): Promise<void> {
    const { supervisor } = this.#options;
    const waits = waitFor.map((name) => this.#settling.wait(name));
    const meantToRun = waitFor.filter((name) => this.state.apps[name]?.stopped === false);
    for (const name of names) {
      const stored = this.state.apps[name];
      if (stored) supervisor.desire(name, this.desired(stored));
      // A person asks for it, so what has given up is tried again.
      for (const instance of this.current(name)) {
        if (instance.phase === 'failed') instance.dispatch({ type: 'start' });
      }
    }
    const results = await Promise.allSettled(waits.map(({ promise }) => promise));
    for (const { cancel } of waits) cancel();
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as HoldfastError] : [],
    );
    // What failed by itself says more than what only waited for it.
    const [first, ...others] = failures.sort((a, b) => Number(isOfWaiting(a)) - Number(isOfWaiting(b)));
    if (!first) return this.#refuseIfOvertaken(meantToRun);
    if (others.length === 0) throw first;
    const details = [...first.details, ...others.flatMap(({ message, details }) => [message, ...details])];
    throw new HoldfastError(first.code, first.message, { hint: first.hint, details });
  }

  /** What was to run was stopped or deleted by somebody else while this was waited for: it is settled, but not as it was meant. */
  #refuseIfOvertaken(names: readonly string[]): void {
    for (const name of names) {
      const stored = this.state.apps[name];
      if (stored && !stored.stopped && !this.deleting.has(name) && !this.#ending) continue;
      const what = stored && !this.deleting.has(name) ? 'stopped' : 'deleted';
      throw new HoldfastError('OVERTAKEN', `"${name}" does not run: it was ${what} meanwhile`);
    }
  }

  /** An app listens on an address that nobody knew of, and offers a copy of the socket. */
  learn(name: string, address: Address): void {
    const stored = this.state.apps[name];
    if (!stored || addressesOf(stored, this.state).some((known) => sameAddress(known, address))) return;
    this.edit(name, (old) => ({ ...old, learned: [...old.learned, address] }));
    const app = this.#options.supervisor.app(name);
    const serials = (app?.instances ?? []).map(({ serial }) => serial);
    this.#unequipped.set(name, Math.max(0, ...serials));
    app?.desire(this.desired(this.get(name)));
  }

  /**
   * Why an instance that ended cannot start at present: others of it have a port of which Holdfast has no copy, because
   * daemon and holder were killed together.
   */
  hindrance(instance: Instance): string | null {
    const { name } = instance.plan;
    const stored = this.state.apps[name];
    if (!stored || (!hasGuest(stored.plan) && !isOwn(name))) return null;
    const address = this.#options.ports.unheld(stored);
    const others = this.#options.supervisor.app(name)?.instances ?? [];
    if (!address || !others.some((other) => other !== instance && other.running !== null)) return null;
    return `port ${describeAddress(address)} is not held since the daemon was killed, so it cannot be shared: \`hold restart ${name}\` mends it`;
  }

  /** For an `up` that is about to change these: when the rollout of the edge fails, they are as before. */
  keepBefore(before: Pick<DesiredState, 'sites' | 'edge' | 'front'> | null): void {
    this.#before = before;
  }

  heard(fact: SupervisorFact): void {
    if (fact.kind === 'rollout' && fact.fact.type === 'failed') this.#rollBack(fact.app);
    if (fact.kind === 'rollout' && fact.fact.type === 'done') this.#rolledOut(fact.app);
    this.#settling.heard(fact);
  }

  #rolledOut(app: App): void {
    if (this.state.apps[app.name]?.previous) this.edit(app.name, (old) => ({ ...old, previous: null }));
    this.#options.ports.closeUnwanted();
  }

  /** The new generation does not work: the old one is the wish again. */
  #rollBack(app: App): void {
    const previous = this.state.apps[app.name]?.previous;
    if (!previous) return;
    this.edit(app.name, (old) => ({
      ...old,
      generation: previous.generation,
      // A scale change in between holds.
      plan: { ...previous.plan, instances: old.plan.instances },
      mode: 'rolling',
      previous: null,
    }));
    const before = this.#before;
    if (app.name === EDGE && before) {
      this.#options.store.edit((state) => ({ ...state, ...before }));
      this.#options.refreshRoutes();
    }
    this.#options.ports.closeUnwanted();
    app.desire(this.desired(this.get(app.name)));
  }
}
