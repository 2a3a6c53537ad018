/** One place where an app answers, as long as the edge knows it: its connections and what is open on them. */
import type { EdgeTarget } from '../protocol/edge-table.ts';
import { ResponseHeadReader } from './http1/response-head.ts';
import { cookieValue } from './sticky.ts';
import type { Sweeper } from './sweeper.ts';
import type { Tunnel } from './tunnel.ts';
import { type Caller, Upstream } from './upstream.ts';

/** Longest idle time of a pooled connection; the guest keeps apps from closing theirs before 65 s. */
const IDLE_MS = 60_000;
const IDLE_MAX = 512;
/** A target that refused a connection is avoided for this long while there are others. */
const AVOID_MS = 1_000;

export class Target {
  readonly id: string;
  readonly address: EdgeTarget['address'];
  readonly guest: boolean;
  /** What the instance's replacement has too: `web.0` of `web.0#3`. */
  readonly slot: string;
  /** What stands for it in a cookie. */
  readonly token: string;
  state: EdgeTarget['state'] | 'gone';
  /** Requests in flight. */
  requests = 0;
  /** Engine.IO sessions that live here. */
  sessions = 0;
  readonly tunnels = new Set<Tunnel>();
  readonly answers = new ResponseHeadReader();
  /** When something was last open here, in the sweeper's time. */
  usedAt = 0;
  readonly #sweeper: Sweeper;
  readonly #idle: Upstream[] = [];
  readonly #connections = new Set<Upstream>();
  #refusedAt = 0;

  constructor(wanted: EdgeTarget, sweeper: Sweeper) {
    this.id = wanted.id;
    this.address = wanted.address;
    this.guest = wanted.guest;
    this.state = wanted.state;
    this.slot = wanted.id.replace(/#[0-9]+$/, '');
    this.token = cookieValue(wanted.id);
    this.#sweeper = sweeper;
  }

  /** Nothing of it is left: no request, no WebSocket. */
  get empty(): boolean {
    return this.requests === 0 && this.tunnels.size === 0;
  }

  get avoided(): boolean {
    return this.#refusedAt !== 0 && this.#sweeper.now - this.#refusedAt < AVOID_MS;
  }

  refused(): void {
    this.#refusedAt = this.#sweeper.now;
  }

  /** An idle connection, the one used last first: the others may be closed by then. */
  takeIdle(caller: Caller): Upstream | undefined {
    const upstream = this.#idle.pop();
    upstream?.take(caller);
    return upstream;
  }

  connect(caller: Caller): Upstream {
    const upstream = new Upstream(this, caller);
    this.#connections.add(upstream);
    this.#sweeper.add(upstream);
    return upstream;
  }

  /** Takes back a connection whose request is done. `seconds`: how long the app says it keeps idle ones, 0 = unsaid. */
  keep(upstream: Upstream, seconds: number): void {
    const idleMs = seconds > 0 ? Math.min(IDLE_MS, (seconds - 1) * 1000) : IDLE_MS;
    if (this.state !== 'ready' || idleMs === 0 || this.#idle.length >= IDLE_MAX) {
      upstream.wire.destroy();
      return;
    }
    upstream.deadline = this.#sweeper.now + idleMs;
    upstream.wire.resume();
    this.#idle.push(upstream);
  }

  forget(upstream: Upstream): void {
    this.#connections.delete(upstream);
    this.#sweeper.remove(upstream);
    const index = this.#idle.indexOf(upstream);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** Does what a new state asks for. Closing: WebSockets get their close frame. Gone: the rest is cut, too. */
  follow(): void {
    if (this.state === 'ready') return;
    for (const upstream of this.#idle.splice(0)) upstream.wire.destroy();
    if (this.state === 'draining') return;
    for (const tunnel of [...this.tunnels]) tunnel.close();
    if (this.state === 'closing') return;
    for (const upstream of [...this.#connections]) upstream.cut();
  }
}
