/**
 * Drives the machine of one instance: carries out its effects, keeps its one deadline, and tells what happened. It
 * decides nothing.
 */
import type { AppPlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import {
  type Effect,
  initialState,
  type MachineEvent,
  type MachineState,
  type Phase,
  type Policy,
  step,
} from './machine.ts';
import { describeExit, type Exit, type Running } from './process.ts';

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
  | { readonly type: 'killed' }
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
  | { readonly type: 'failed'; readonly reason: string };

export interface InstanceContext {
  readonly clock: Clock;
  random(): number;
  readonly launcher: Launcher;
  nextSerial(app: string): number;
  /** The instance has changed; a fact says how, when it is worth an event. */
  changed(instance: Instance, fact: InstanceFact | null): void;
}

/** What survives in the daemon's state file; enough to go on where the last daemon was. */
export interface InstanceSnapshot {
  readonly slot: number;
  readonly generation: number;
  readonly serial: number;
  readonly restarts: number;
  readonly machine: MachineState;
}

export class Instance {
  readonly plan: AppPlan;
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
  #restarts = 0;
  #lastExit: Exit | null = null;
  readonly #listeners = new Set<() => void>();
  /** Still works, but gets nothing new; set by whoever retires it. */
  draining = false;

  constructor(plan: AppPlan, slot: number, generation: number, context: InstanceContext) {
    this.plan = plan;
    this.slot = slot;
    this.generation = generation;
    this.#context = context;
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
    return this.#restarts;
  }

  get lastExit(): Exit | null {
    return this.#lastExit;
  }

  snapshot(): InstanceSnapshot {
    return {
      slot: this.slot,
      generation: this.generation,
      serial: this.#serial,
      restarts: this.#restarts,
      machine: this.#machine,
    };
  }

  /** Goes on where an earlier daemon was. `running` is null when the process died meanwhile. */
  resume(snapshot: InstanceSnapshot, running: Running | null): void {
    this.#machine = snapshot.machine;
    this.#serial = snapshot.serial;
    this.#restarts = snapshot.restarts;
    if (running) this.#adopt(running);
    this.#keepDeadline();
    const hadProcess = ['starting', 'ready', 'stopping'].includes(snapshot.machine.phase);
    if (hadProcess && !running)
      this.dispatch({ type: 'exited', reason: describeExit({ code: null, signal: null }) });
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
    const { state, effects } = step(before, event, {
      now: this.#context.clock.now(),
      random: this.#context.random(),
      policy: policyOf(this.plan),
    });
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
    if (this.#running) this.#running.signal(effect.signal === 'kill' ? 'SIGKILL' : this.plan.stop.signal);
    else if (this.#launching) this.#pendingSignal = effect.signal;
    else this.#gone({ code: null, signal: null });
  }

  async #spawn(): Promise<void> {
    const serial = this.#context.nextSerial(this.plan.name);
    if (this.#serial > 0 && this.#machine.crashesInARow > 0) this.#restarts += 1;
    this.#serial = serial;
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
    if (signal) running.signal(signal === 'kill' ? 'SIGKILL' : this.plan.stop.signal);
  }

  #adopt(running: Running): void {
    this.#running = running;
    running.onExit((exit) => {
      if (this.#running === running) this.#gone(exit);
    });
  }

  #gone(exit: Exit): void {
    this.#lastExit = exit;
    this.dispatch({ type: 'exited', reason: describeExit(exit) });
  }

  #tell(before: MachineState, event: MachineEvent, effects: readonly Effect[]): void {
    const fact = this.#factOf(before, event, effects);
    if (event.type === 'exited') this.#running = null;
    this.#context.changed(this, fact);
    const { phase, reason, deadline } = this.#machine;
    if (phase === before.phase) return;
    if (phase === 'backoff' && !this.draining) {
      const delayMs = Math.max(0, (deadline ?? 0) - this.#context.clock.now());
      this.#context.changed(this, { type: 'backoff', delayMs, reason: reason ?? '' });
    }
    if (phase === 'failed' && !this.draining)
      this.#context.changed(this, { type: 'failed', reason: reason ?? '' });
  }

  #factOf(before: MachineState, event: MachineEvent, effects: readonly Effect[]): InstanceFact | null {
    const now = this.#context.clock.now();
    const spawnedAt = this.#running?.record.spawnedAt ?? now;
    if (event.type === 'ready' && this.#machine.phase === 'ready' && before.phase !== 'ready') {
      return { type: 'ready', tookMs: now - spawnedAt };
    }
    if (event.type === 'exited') {
      const exit = this.#lastExit ?? { code: null, signal: null };
      // One that drains may end by itself when it has nothing left to do.
      const asked = this.draining || (before.phase === 'stopping' && before.condemned === null);
      if (asked) return { type: 'stopped', exit, running: this.#running };
      const reason = before.condemned ?? event.reason;
      return { type: 'crashed', exit, reason, uptimeMs: now - spawnedAt, running: this.#running };
    }
    if (event.type === 'spawnFailed') return { type: 'spawnFailed', reason: event.reason };
    const signal = effects.find((effect) => effect.type === 'signal');
    if (signal?.signal === 'kill') return { type: 'killed' };
    if (signal?.signal === 'stop') return { type: 'stopping', reason: this.#machine.condemned };
    return null;
  }
}

function policyOf(plan: AppPlan): Policy {
  return { readyTimeoutMs: plan.readyTimeoutMs, stopTimeoutMs: plan.stop.timeoutMs, restart: plan.restart };
}
