/**
 * One app: makes its instances what is desired. `reconcile` compares and acts; it may be called at any time, does nothing when
 * all is well, and is the only code that starts, replaces or retires an instance, so that a command, a crash and the
 * start of a new daemon are all the same thing.
 */
import type { AppPlan } from '../config/plan.ts';
import type { Blocker } from './dependencies.ts';
import { Instance, type InstanceContext } from './instance.ts';
import { describeFailure, type RolloutMode, rollOut } from './rollout.ts';

/** What is wanted of one app. Plain data, kept on disk by the daemon. */
export interface DesiredApp {
  readonly plan: AppPlan;
  /** Slots; 0 when it is stopped. */
  readonly wanted: number;
  /** Slots that are stopped while the others run. */
  readonly idle: readonly number[];
  /** Instances of another generation are outdated and get replaced. */
  readonly generation: number;
  readonly mode: RolloutMode;
  /** Two of it can run at once. When they cannot, `mode` is `restart`. */
  readonly overlap: boolean;
  /** Start the first instance alone, so that its port is known before the others need it. */
  readonly oneFirst: boolean;
  /** What the instances of the generation before run, while they are being replaced. */
  readonly previous: { readonly plan: AppPlan; readonly generation: number } | null;
  /** The most that draining may take, whatever the plan says; null = as the plan says. */
  readonly drainLimitMs: number | null;
}

interface Roll {
  readonly mode: RolloutMode;
  /** Why ones of the same generation are replaced; null: they are outdated. */
  readonly reason: string | null;
  /** How many. */
  readonly slots: number;
  /** The next one to replace. */
  next(): Instance | undefined;
  /** The new one did not get ready. */
  failed(): void;
}

/** After the replacement of a worn instance failed. */
const LEAST_RENEW_PAUSE_MS = 10_000;

/** How work reaches and leaves instances. The supervisor knows no more about the edge than this. */
export interface Traffic {
  /** Resolves when new work reaches it. */
  admit(instance: Instance): Promise<void>;
  /** Gives it nothing new; resolves when its work is done or the time is up. */
  retire(instance: Instance, drain: DrainOrder): Promise<void>;
}

export interface DrainOrder {
  readonly timeoutMs: number;
  /** No other instance is going to take over, so what lasts for ever, as a WebSocket may, is ended at once. */
  readonly final: boolean;
}

export type RolloutFact =
  /** `reason`: why one of the same generation is replaced. */
  | {
      readonly type: 'started';
      readonly mode: RolloutMode;
      readonly slots: number;
      readonly reason: string | null;
    }
  | { readonly type: 'done'; readonly replaced: number }
  | { readonly type: 'failed'; readonly reason: string; readonly instance: Instance };

export interface AppContext extends InstanceContext {
  readonly traffic: Traffic;
  /** What an app waits for before it is started. */
  blockerOf(app: App): Blocker | null;
  draining(instance: Instance): void;
  rollout(app: App, fact: RolloutFact): void;
}

export class App {
  readonly name: string;
  readonly #context: AppContext;
  #desired: DesiredApp;
  /** By slot: those that do the work. */
  readonly #current = new Map<number, Instance>();
  /** On their way out: of an older generation, or of a slot that is no longer wanted. */
  readonly #retiring = new Set<Instance>();
  /** Started by a rollout and not ready yet. */
  #candidate: Instance | null = null;
  #rolling = false;
  /** Slots whose old instance must have ended before a new one may start. */
  readonly #vacating = new Set<number>();
  /** The generation whose rollout failed; it is not tried again until the wish changes. */
  #rejected: number | null = null;
  /** Worn instances that could not be replaced: not again before this time. */
  readonly #renewAfter = new WeakMap<Instance, number>();

  constructor(name: string, desired: DesiredApp, context: AppContext) {
    this.name = name;
    this.#desired = desired;
    this.#context = context;
  }

  get desired(): DesiredApp {
    return this.#desired;
  }

  get isRolling(): boolean {
    return this.#rolling;
  }

  /** All of them, in the order of their slots, the oldest of a slot first. */
  get instances(): readonly Instance[] {
    const all = [...this.#retiring, ...this.#current.values(), ...(this.#candidate ? [this.#candidate] : [])];
    return all.sort((a, b) => a.slot - b.slot || a.serial - b.serial);
  }

  get current(): readonly Instance[] {
    return [...this.#current.values()];
  }

  isRetiring(instance: Instance): boolean {
    return this.#retiring.has(instance);
  }

  get isGone(): boolean {
    return (
      this.#desired.wanted === 0 && this.#current.size === 0 && this.#retiring.size === 0 && !this.#candidate
    );
  }

  /** The slots that shall have an instance. */
  get slots(): readonly number[] {
    const { wanted, idle } = this.#desired;
    return Array.from({ length: wanted }, (_, slot) => slot).filter((slot) => !idle.includes(slot));
  }

  /** What it waits for before instances that are missing can be started; null when it does not wait. */
  get waitsFor(): Blocker | null {
    const missing = this.slots.some(
      (slot) => (this.#current.get(slot)?.phase ?? 'down') === 'down' && this.#mayBegin(slot),
    );
    return missing ? this.#context.blockerOf(this) : null;
  }

  /** All that is wanted is there, up to date, and ready or done; or it is a job, which is up to the clock. */
  get isSettled(): boolean {
    const { wanted, generation, plan } = this.#desired;
    if (this.#rolling) return false;
    if (wanted === 0) return this.isGone;
    const done = (i: Instance) =>
      (i.phase === 'ready' || i.phase === 'done' || isRunOfJob(i)) &&
      (i.generation === generation || this.#rejected === generation || (isRunOfJob(i) && plan.job !== null));
    return this.#current.size === this.slots.length && this.current.every(done) && !this.#wornOne();
  }

  desire(desired: DesiredApp): void {
    if (desired.generation !== this.#desired.generation) this.#rejected = null;
    const ends = desired.wanted === 0 && this.#desired.wanted > 0;
    this.#desired = desired;
    for (const instance of this.instances) {
      if (instance.generation === desired.generation) instance.follow(desired.plan);
    }
    if (ends) this.#hasten();
    this.reconcile();
  }

  /** All of it shall end: what drains for a successor, or was to become one, need not take its time. */
  #hasten(): void {
    if (this.#candidate?.phase === 'starting') this.#candidate.dispatch({ type: 'stop' });
    for (const instance of this.#retiring) {
      if (instance.phase !== 'ready') continue;
      void this.#context.traffic.retire(instance, this.#drainOrder(instance)).then(() => ended(instance));
    }
  }

  /** Takes over an instance that an earlier daemon ran. */
  resume(instance: Instance, retiring: boolean): void {
    const taken = this.#current.get(instance.slot);
    if (!retiring && !taken) this.#current.set(instance.slot, instance);
    else void this.#retire(instance);
  }

  reconcile(): void {
    const { slots } = this;
    for (const [slot, instance] of this.#current) {
      if (slots.includes(slot)) continue;
      this.#current.delete(slot);
      void this.#retire(instance);
    }
    for (const instance of this.#retiring) {
      // It ended while it was on its way out: nobody wants it back.
      if (['backoff', 'failed', 'done'].includes(instance.phase)) instance.dispatch({ type: 'stop' });
      if (instance.phase === 'down') this.#retiring.delete(instance);
    }
    for (const slot of slots) this.#fill(slot);
    if (this.#rolling) return;
    const worn = this.#wornOne();
    if (this.#rejected !== this.#desired.generation && this.#outdated().length > 0) void this.#rollOut();
    else if (worn) void this.#renew(worn);
  }

  /**
   * Has an instance that works, in itself, replaced by a new one of the same generation, without a gap when two of the app
   * can run at once. When the new one does not get ready the old one stays, and it is tried again later.
   */
  replace(instance: Instance, reason: string): void {
    if (this.#current.get(instance.slot) !== instance) return;
    instance.worn = reason;
    this.#renewAfter.delete(instance);
    this.reconcile();
  }

  /** Starts what is missing in this slot, if it may be started. */
  #fill(slot: number): void {
    const { plan, generation } = this.#desired;
    const old = this.#current.get(slot);
    if ((old && old.phase !== 'down') || !this.#mayBegin(slot)) return;
    if (plan.job === null && this.#context.blockerOf(this)) return;
    const instance = old ?? new Instance(plan, slot, generation, this.#context);
    this.#current.set(slot, instance);
    if (instance.plan.job === null) instance.dispatch({ type: 'start' });
    else instance.dispatch({ type: 'wait', reason: 'waits for its time' });
  }

  #mayBegin(slot: number): boolean {
    return !this.#vacating.has(slot) && !this.#isOccupied(slot) && !this.#waitsForFirst(slot);
  }

  /** One that is on its way out is in the way of the next, when two cannot run at once or shall not. */
  #isOccupied(slot: number): boolean {
    const { overlap, mode, generation } = this.#desired;
    return [...this.#retiring].some(
      (old) => old.slot === slot && (!overlap || (mode === 'restart' && old.generation !== generation)),
    );
  }

  #waitsForFirst(slot: number): boolean {
    const { plan, oneFirst } = this.#desired;
    const [first] = this.slots;
    if (!oneFirst || plan.job !== null || first === undefined || slot === first) return false;
    const phase = this.#current.get(first)?.phase;
    return phase !== 'ready' && phase !== 'failed' && phase !== 'done';
  }

  /** A run of a job that is under way ends by itself, whatever has become of the plan. */
  #outdated(): Instance[] {
    const { generation, plan } = this.#desired;
    return this.current.filter((i) => i.generation !== generation && !(plan.job !== null && isRunOfJob(i)));
  }

  #wornOne(): Instance | undefined {
    const now = this.#context.clock.now();
    return this.current.find((i) => i.worn !== null && now >= (this.#renewAfter.get(i) ?? 0));
  }

  async #rollOut(): Promise<void> {
    const { generation, mode } = this.#desired;
    await this.#roll({
      mode,
      reason: null,
      slots: this.#outdated().length,
      next: () => (this.#desired.generation === generation ? this.#outdated()[0] : undefined),
      failed: () => {
        this.#rejected = generation;
      },
    });
  }

  async #renew(worn: Instance): Promise<void> {
    const { clock } = this.#context;
    const { overlap, plan } = this.#desired;
    await this.#roll({
      mode: overlap ? 'rolling' : 'restart',
      reason: worn.worn,
      slots: 1,
      next: () => (worn.worn !== null && this.#current.get(worn.slot) === worn ? worn : undefined),
      failed: () => {
        const pause = Math.max(LEAST_RENEW_PAUSE_MS, plan.restart.backoffMaxMs);
        this.#renewAfter.set(worn, clock.now() + pause);
        clock.after(pause, () => this.reconcile());
      },
    });
  }

  /** Replaces what `next` names, one after the other. */
  async #roll({ mode, reason, slots, next, failed }: Roll): Promise<void> {
    this.#rolling = true;
    const { generation } = this.#desired;
    this.#context.rollout(this, { type: 'started', mode, slots, reason });
    let replaced = 0;
    let failure: { reason: string; instance: Instance } | null = null;
    try {
      await rollOut({
        mode,
        next,
        launch: (old) => {
          const fresh = new Instance(this.#desired.plan, old.slot, generation, this.#context);
          if (old.generation === generation) fresh.succeed(old);
          this.#candidate = fresh;
          fresh.dispatch({ type: 'start' });
          return fresh;
        },
        discard: (fresh) => {
          this.#candidate = null;
          void this.#retire(fresh);
        },
        admit: (fresh) => this.#context.traffic.admit(fresh),
        promote: (old, fresh) => {
          replaced += 1;
          this.#candidate = null;
          // The slot may have been scaled away meanwhile.
          if (this.#current.get(old.slot) === old) {
            this.#current.set(old.slot, fresh);
            void this.#retire(old);
          } else void this.#retire(fresh);
        },
        remove: async (old) => {
          replaced += 1;
          this.#current.delete(old.slot);
          this.#vacating.add(old.slot);
          await this.#retire(old);
          this.#vacating.delete(old.slot);
          this.reconcile();
        },
      });
    } catch (error) {
      failure = describeFailure(error);
    }
    this.#rolling = false;
    // When something else is wanted by now, or all of it shall end, what came of this is no news.
    if (this.#desired.generation === generation && this.#desired.wanted > 0) {
      if (failure) failed();
      this.#context.rollout(this, failure ? { type: 'failed', ...failure } : { type: 'done', replaced });
    }
    this.reconcile();
  }

  /** Resolves when its process has ended. */
  async #retire(instance: Instance): Promise<void> {
    this.#retiring.add(instance);
    if (instance.phase === 'ready') {
      instance.draining = true;
      this.#context.draining(instance);
      await this.#context.traffic.retire(instance, this.#drainOrder(instance));
    }
    await ended(instance);
    this.#retiring.delete(instance);
    this.#context.changed(instance, null);
  }

  /** A stop should not take as long as a reload may. */
  #drainOrder({ plan }: Instance): DrainOrder {
    const { wanted, drainLimitMs } = this.#desired;
    const final = wanted === 0;
    const timeoutMs = final ? Math.min(plan.drainMs, plan.stop.timeoutMs) : plan.drainMs;
    return { timeoutMs: Math.min(timeoutMs, drainLimitMs ?? timeoutMs), final };
  }
}

/** A job's process, or one that is about to be. */
function isRunOfJob(instance: Instance): boolean {
  return instance.plan.job !== null && instance.isActive;
}

/** Stops an instance and resolves when it is down. */
export async function ended(instance: Instance): Promise<void> {
  instance.dispatch({ type: 'stop' });
  await instance.until(() => instance.phase === 'down');
}
