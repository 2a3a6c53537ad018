/**
 * Drives the machine of one instance: carries out its effects, keeps its one deadline, and tells what happened. It
 * decides nothing.
 */
import type { AppPlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import { describeExit, type Exit, isFailure, unknownExit } from './exit.ts';
import {
  type Context,
  type Effect,
  initialState,
  type MachineEvent,
  type MachineState,
  neverBegun,
  type Phase,
  step,
} from './machine.ts';
import type { Running } from './process.ts';
import type { Policy } from './restart-policy.ts';

export interface LaunchRequest {
  readonly plan: AppPlan;
  readonly slot: number;
  readonly serial: number;
}

/** Starts processes; the daemon's side of it knows pipes, sockets and environment. */
export interface Launcher {
  /** Rejects with an Error whose message says, for people, why it could not be started. */
  launch(request: LaunchRequest): Promise<Running>;
}

export type InstanceFact =
  | { readonly type: 'spawned'; readonly pid: number }
  | { readonly type: 'ready'; readonly tookMs: number }
  | { readonly type: 'stopping'; readonly reason: string | null }
  /** With SIGKILL; `reason`: why without asking first. */
  | { readonly type: 'killed'; readonly reason: string | null }
  | { readonly type: 'stopped'; readonly exit: Exit | null; readonly running: Running | null }
  | {
      readonly type: 'crashed';
      readonly exit: Exit;
      readonly reason: string;
      readonly uptimeMs: number;
      readonly running: Running | null;
    }
  | { readonly type: 'spawnFailed'; readonly reason: string }
  | { readonly type: 'backoff'; readonly delayMs: number; readonly reason: string }
  | { readonly type: 'failed'; readonly reason: string }
  /** It ended by itself and stays so. When that was a crash, `crashed` came before, and had `running`. */
  | {
      readonly type: 'done';
      readonly exit: Exit | null;
      readonly reason: string;
      readonly uptimeMs: number;
      readonly running: Running | null;
    };

export interface InstanceContext {
  readonly clock: Clock;
  random(): number;
  readonly launcher: Launcher;
  nextSerial(app: string): number;
  /** Asks it with a message to end; false when there is no way to tell it. */
  askToEnd(instance: Instance): boolean;
  /** See `Policy.hindrance`. */
  hindrance(instance: Instance): string | null;
  /** The instance has changed; a fact says how, when it is worth an event. */
  changed(instance: Instance, fact: InstanceFact | null): void;
}

/** What survives in the daemon's state file; enough to go on where the last daemon was. */
export interface InstanceSnapshot {
  readonly slot: number;
  readonly generation: number;
  readonly serial: number;
  readonly restarts: number;
  readonly worn: string | null;
  readonly machine: MachineState;
}

export class Instance {
  #plan: AppPlan;
  readonly slot: number;
  /** The desired generation that it was made for; another one means that it is outdated. */
  readonly generation: number;
  readonly #context: InstanceContext;
  #machine: MachineState = initialState;
  #running: Running | null = null;
  #launching = false;
  /** A signal that came while the process was still being spawned. */
  #pendingSignal: 'stop' | 'kill' | null = null;
  #cancelDeadline: (() => void) | null = null;
  #serial = 0;
  /** Of those that had this slot before it. */
  #restartsBefore = 0;
  readonly #listeners = new Set<() => void>();
  /** Still works, but gets nothing new; set by whoever retires it. */
  draining = false;
  /** Why it is to be replaced without a gap although it works; null: it is not. Set by `App.replace`. */
  worn: string | null = null;

  constructor(plan: AppPlan, slot: number, generation: number, context: InstanceContext) {
    this.#plan = plan;
    this.slot = slot;
    this.generation = generation;
    this.#context = context;
  }

  get plan(): AppPlan {
    return this.#plan;
  }

  /** Another plan of its generation: what is other in it, such as when it is restarted, counts from now on. */
  follow(plan: AppPlan): void {
    this.#plan = plan;
  }

  /** Such as `web.0`. */
  get id(): string {
    return `${this.plan.name}.${this.slot}`;
  }

  /** Unique over restarts, such as `web.0#3`. */
  get key(): string {
    return `${this.id}#${this.#serial}`;
  }

  get phase(): Phase {
    return this.#machine.phase;
  }

  get machine(): MachineState {
    return this.#machine;
  }

  get running(): Running | null {
    return this.#running;
  }

  get serial(): number {
    return this.#serial;
  }

  get restarts(): number {
    return this.#restartsBefore + this.#machine.restarts;
  }

  get lastExit(): Exit | null {
    return this.#machine.exit;
  }

  /** It has a process, or is about to have one. */
  get isActive(): boolean {
    return ['starting', 'ready', 'stopping', 'backoff'].includes(this.phase);
  }

  /** It takes the place of this one, and goes on counting where that one was. */
  succeed(old: Instance): void {
    this.#restartsBefore = old.restarts;
  }

  /** Restart counts to 0. */
  forgive(): void {
    this.#restartsBefore = 0;
    this.dispatch({ type: 'forgive' });
  }

  snapshot(): InstanceSnapshot {
    return {
      slot: this.slot,
      generation: this.generation,
      serial: this.#serial,
      restarts: this.restarts,
      worn: this.worn,
      machine: this.#machine,
    };
  }

  /**
   * Goes on where an earlier daemon was. `running` is null when the process died meanwhile, as `exit` says, or when there had been none
   * yet: then `exit` is null, too.
   */
  resume(snapshot: InstanceSnapshot, running: Running | null, exit: Exit | null): void {
    // An older version may have written it, which knew less.
    this.#machine = { ...initialState, ...snapshot.machine };
    this.#serial = snapshot.serial;
    this.#restartsBefore = snapshot.restarts - this.#machine.restarts;
    this.worn = snapshot.worn ?? null;
    if (running) this.#adopt(running);
    const { phase } = this.#machine;
    const isUnbegun = !running && exit === null && (phase === 'starting' || phase === 'stopping');
    if (isUnbegun) this.#machine = neverBegun(this.#machine, this.#stepContext());
    this.#keepDeadline();
    const hadProcess = ['starting', 'ready', 'stopping'].includes(this.#machine.phase);
    if (hadProcess && !running) this.#gone(exit ?? unknownExit);
  }

  /** Resolves when the condition holds after a change of this instance, or holds already. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const listener = () => {
        if (!condition()) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  dispatch(event: MachineEvent): void {
    const before = this.#machine;
    const { state, effects } = step(before, event, this.#stepContext(event));
    this.#machine = state;
    if (state.phase !== before.phase || state.deadline !== before.deadline) this.#keepDeadline();
    // What is told comes before what is done, so that the journal reads in the order of causes.
    this.#tell(before, event, effects);
    for (const effect of effects) this.#carryOut(effect);
    for (const listener of [...this.#listeners]) listener();
  }

  #keepDeadline(): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = null;
    const { deadline } = this.#machine;
    if (deadline === null) return;
    const wait = Math.max(0, deadline - this.#context.clock.now());
    this.#cancelDeadline = this.#context.clock.after(wait, () => {
      this.#cancelDeadline = null;
      this.dispatch({ type: 'timeout' });
    });
  }

  #carryOut(effect: Effect): void {
    if (effect.type === 'spawn') {
      void this.#spawn();
      return;
    }
    if (this.#running) this.#end(this.#running, effect.signal);
    else if (this.#launching) this.#pendingSignal = effect.signal;
    else this.#gone(unknownExit);
  }

  #end(running: Running, how: 'stop' | 'kill'): void {
    if (how === 'kill') running.signal('SIGKILL');
    else if (!this.plan.stop.message || !this.#context.askToEnd(this)) running.signal(this.plan.stop.signal);
  }

  async #spawn(): Promise<void> {
    const serial = this.#context.nextSerial(this.plan.name);
    this.#serial = serial;
    this.worn = null;
    this.#launching = true;
    this.#pendingSignal = null;
    let running: Running;
    try {
      running = await this.#context.launcher.launch({ plan: this.plan, slot: this.slot, serial });
    } catch (error) {
      this.#launching = false;
      this.dispatch({ type: 'spawnFailed', reason: error instanceof Error ? error.message : String(error) });
      return;
    }
    this.#launching = false;
    this.#adopt(running);
    this.#context.changed(this, { type: 'spawned', pid: running.record.pid });
    const signal = this.#pendingSignal;
    this.#pendingSignal = null;
    if (signal) this.#end(running, signal);
  }

  #adopt(running: Running): void {
    this.#running = running;
    if (this.plan.stop.ends === 'process') running.spareChildren();
    running.onExit((exit) => {
      if (this.#running === running) this.#gone(exit);
    });
  }

  #gone(exit: Exit): void {
    this.dispatch({ type: 'exited', exit, reason: describeExit(exit) });
  }

  #tell(before: MachineState, event: MachineEvent, effects: readonly Effect[]): void {
    const now = this.#context.clock.now();
    const running = this.#running;
    const fact = this.#factOf(before, event, effects);
    if (event.type === 'exited') this.#running = null;
    this.#context.changed(this, fact);
    const { phase, deadline } = this.#machine;
    const reason = this.#machine.reason ?? '';
    if (phase === before.phase || this.draining) return;
    if (phase === 'backoff') {
      this.#context.changed(this, { type: 'backoff', delayMs: Math.max(0, (deadline ?? 0) - now), reason });
    }
    if (phase === 'failed') this.#context.changed(this, { type: 'failed', reason });
    if (phase === 'done' && event.type !== 'wait') {
      const exit = event.type === 'exited' ? event.exit : null;
      const uptimeMs = now - (running?.record.spawnedAt ?? now);
      const left = fact === null ? running : null;
      this.#context.changed(this, { type: 'done', exit, reason, uptimeMs, running: left });
    }
  }

  #factOf(before: MachineState, event: MachineEvent, effects: readonly Effect[]): InstanceFact | null {
    const now = this.#context.clock.now();
    const spawnedAt = this.#running?.record.spawnedAt ?? now;
    if (event.type === 'ready' && this.#machine.phase === 'ready' && before.phase !== 'ready') {
      return { type: 'ready', tookMs: now - spawnedAt };
    }
    if (event.type === 'exited') return this.#factOfExit(before, event, now - spawnedAt);
    if (event.type === 'spawnFailed') return { type: 'spawnFailed', reason: event.reason };
    const signal = effects.find((effect) => effect.type === 'signal');
    if (signal?.signal === 'kill') {
      return { type: 'killed', reason: event.type === 'unhealthy' ? event.reason : null };
    }
    if (signal?.signal === 'stop') return { type: 'stopping', reason: this.#machine.condemned };
    return null;
  }

  #factOfExit(
    before: MachineState,
    { exit, reason }: Extract<MachineEvent, { type: 'exited' }>,
    uptimeMs: number,
  ): InstanceFact | null {
    const running = this.#running;
    // One that drains may end by itself when it has nothing left to do.
    const asked = this.draining || (before.phase === 'stopping' && before.condemned === null);
    if (asked) return { type: 'stopped', exit, running };
    // It ended as it should: `done` says so.
    if (this.#machine.phase === 'done' && before.condemned === null && !this.#failedWith(exit)) return null;
    return { type: 'crashed', exit, reason: before.condemned ?? reason, uptimeMs, running };
  }

  #failedWith(exit: Exit): boolean {
    return isFailure(exit) && !(exit.code !== null && this.plan.restart.stopCodes.includes(exit.code));
  }

  #stepContext(event?: MachineEvent): Context {
    const { clock, random } = this.#context;
    return { now: clock.now(), random: random(), policy: this.#policy(event) };
  }

  #policy(event: MachineEvent | undefined): Policy {
    const { readyTimeoutMs, stop, restart, job } = this.plan;
    return {
      readyTimeoutMs,
      stopTimeoutMs: stop.timeoutMs,
      restart,
      job: job !== null,
      hindrance: event?.type === 'exited' ? this.#context.hindrance(this) : null,
    };
  }
}
