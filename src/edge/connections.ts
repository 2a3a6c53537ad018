/** The connections to one target: those that carry a request, and idle ones for the next. */
import type { EdgeTarget } from '../protocol/edge-table.ts';
import type { Caller, Carriage } from './carriage.ts';
import { ResponseHeadReader } from './http1/response-head.ts';
import type { Sweeper } from './sweeper.ts';
import { Upstream } from './upstream.ts';

/** Longest idle time of a pooled connection; the guest keeps apps from closing theirs before 65 s. */
const IDLE_MS = 60_000;
const IDLE_MAX = 512;

export class Connections {
  readonly plan: EdgeTarget;
  readonly answers = new ResponseHeadReader();
  readonly #sweeper: Sweeper;
  readonly #idle: Upstream[] = [];
  readonly #all = new Set<Upstream>();
  #open = true;

  constructor(plan: EdgeTarget, sweeper: Sweeper) {
    this.plan = plan;
    this.#sweeper = sweeper;
  }

  /** An idle connection, the one used last first: the others may be closed by then. */
  takeIdle(caller: Caller): Carriage | undefined {
    const upstream = this.#idle.pop();
    upstream?.take(caller);
    return upstream;
  }

  connect(caller: Caller): Carriage {
    const upstream = new Upstream(this, caller);
    this.#all.add(upstream);
    this.#sweeper.add(upstream);
    return upstream;
  }

  /** Takes back a connection whose request is done. `seconds`: how long the app says it keeps idle ones, 0 = unsaid. */
  keep(upstream: Upstream, seconds: number): void {
    const idleMs = seconds > 0 ? Math.min(IDLE_MS, (seconds - 1) * 1000) : IDLE_MS;
    if (!this.#open || idleMs === 0 || this.#idle.length >= IDLE_MAX) {
      upstream.wire.destroy();
      return;
    }
    upstream.deadline = this.#sweeper.now + idleMs;
    upstream.wire.resume();
    this.#idle.push(upstream);
  }

  /** It has ended, or is somebody else's. */
  forget(upstream: Upstream): void {
    this.#all.delete(upstream);
    this.#sweeper.remove(upstream);
    const index = this.#idle.indexOf(upstream);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** Whether connections are kept for another request. */
  keepIdle(open: boolean): void {
    this.#open = open;
    if (!open) for (const upstream of this.#idle.splice(0)) upstream.wire.destroy();
  }

  /** Ends them all, whatever they do: the app is gone. */
  cut(): void {
    for (const upstream of [...this.#all]) upstream.cut();
  }
}
