/**
 * One app: makes its instances what is desired. `reconcile` compares and acts; it may be called at any time, does nothing when
 * all is well, and is the only code that starts, replaces or retires an instance, so that a command, a crash and the
 * start of a new daemon are all the same thing.
 */
import type { AppPlan } from '../config/plan.ts';
import { Instance, type InstanceContext } from './instance.ts';
import { describeFailure, type RolloutMode, rollOut } from './rollout.ts';

/** What is wanted of one app. Plain data, kept on disk by the daemon. */
export interface DesiredApp {
  readonly plan: AppPlan;
  /** Instances; 0 when it is stopped. */
  readonly wanted: number;
  /** Instances of another generation are outdated and get replaced. */
  readonly generation: number;
  readonly mode: RolloutMode;
  /** Start the first instance alone, so that its port is known before the others need it. */
  readonly oneFirst: boolean;
  /** What the instances of the generation before run, while they are being replaced. */
  readonly previous: { readonly plan: AppPlan; readonly generation: number } | null;
  /** The most that draining may take, whatever the plan says; null = as the plan says. */
  readonly drainLimitMs: number | null;
}

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
  | { readonly type: 'started'; readonly mode: RolloutMode; readonly slots: number }
  | { readonly type: 'done'; readonly replaced: number }
  | { readonly type: 'failed'; readonly reason: string; readonly instance: Instance };

export interface AppContext extends InstanceContext {
  readonly traffic: Traffic;
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

  /** All that is wanted is there, up to date and ready. */
  get isSettled(): boolean {
    const { wanted, generation } = this.#desired;
    if (this.#rolling) return false;
    if (wanted === 0) return this.isGone;
    const done = (i: Instance) =>
      i.phase === 'ready' && (i.generation === generation || this.#rejected === generation);
    return this.#current.size === wanted && this.current.every(done);
  }

  desire(desired: DesiredApp): void {
    if (desired.generation !== this.#desired.generation) this.#rejected = null;
    const ends = desired.wanted === 0 && this.#desired.wanted > 0;
    this.#desired = desired;
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
    const { wanted, generation, plan } = this.#desired;
    for (const [slot, instance] of this.#current) {
      if (slot < wanted) continue;
      this.#current.delete(slot);
      void this.#retire(instance);
    }
    for (const instance of this.#retiring) {
      // It died while it was on its way out: nobody wants it back.
      if (instance.phase === 'backoff' || instance.phase === 'failed') instance.dispatch({ type: 'stop' });
      if (instance.phase === 'down') this.#retiring.delete(instance);
    }
    for (let slot = 0; slot < wanted; slot++) {
      const instance = this.#current.get(slot);
      if (instance?.phase === 'down') instance.dispatch({ type: 'start' });
      if (instance || this.#vacating.has(slot) || this.#waitsForFirst(slot)) continue;
      const fresh = new Instance(plan, slot, generation, this.#context);
      this.#current.set(slot, fresh);
      fresh.dispatch({ type: 'start' });
    }
    if (!this.#rolling && this.#rejected !== generation && this.#outdated().length > 0) void this.#rollOut();
  }

  #waitsForFirst(slot: number): boolean {
    const first = this.#current.get(0)?.phase;
    return this.#desired.oneFirst && slot > 0 && first !== 'ready' && first !== 'failed';
  }

  #outdated(): Instance[] {
    return this.current.filter((instance) => instance.generation !== this.#desired.generation);
  }

  async #rollOut(): Promise<void> {
    this.#rolling = true;
    const { generation, mode } = this.#desired;
    this.#context.rollout(this, { type: 'started', mode, slots: this.#outdated().length });
    let replaced = 0;
    try {
      await rollOut({
        mode,
        next: () => (this.#desired.generation === generation ? this.#outdated()[0] : undefined),
        launch: (slot) => {
          const fresh = new Instance(this.#desired.plan, slot, generation, this.#context);
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
      this.#rolling = false;
      if (this.#desired.generation === generation) this.#context.rollout(this, { type: 'done', replaced });
    } catch (error) {
      this.#rolling = false;
      if (this.#desired.generation === generation) {
        this.#rejected = generation;
        this.#context.rollout(this, { type: 'failed', ...describeFailure(error) });
      }
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

/** Stops an instance and resolves when it is down. */
export async function ended(instance: Instance): Promise<void> {
  instance.dispatch({ type: 'stop' });
  await instance.until(() => instance.phase === 'down');
}
