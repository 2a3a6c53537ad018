/** One place where an app answers, as long as the edge knows it: what is open on it, and how it is. */
import type { EdgeTarget } from '../protocol/edge-table.ts';
import { Connections } from './connections.ts';
import { type CircuitState, closedCircuit } from './health/circuit.ts';
import { cookieValue } from './sticky.ts';
import type { Sweeper } from './sweeper.ts';
import type { Tunnel } from './tunnel.ts';

/** A target that refused a connection is avoided for this long while there are others. */
const AVOID_MS = 1_000;
/** Of its share, what a new target begins with. */
const FIRST_SHARE = 0.05;

export class Target {
  readonly id: string;
  /** What the instance's replacement has too: `web.0` of `web.0#3`. */
  readonly slot: string;
  /** What stands for it in a cookie. */
  readonly token: string;
  readonly connections: Connections;
  state: EdgeTarget['state'] | 'gone';
  /** Requests in flight. */
  requests = 0;
  /** Engine.IO sessions that live here. */
  sessions = 0;
  readonly tunnels = new Set<Tunnel>();
  /** Checks have found it unfit: it gets no new requests. */
  down = false;
  /** When something was last open here, in the sweeper's time. */
  usedAt = 0;
  /** The pool moves it on. */
  circuit: CircuitState = closedCircuit;
  /** Number of the request that tries it, or tried it last; 0 = none does. */
  probe = 0;
  /** How often its circuit has opened. */
  ejections = 0;
  /** For so long it gets less than its share; in ms, 0 = never. */
  slowStartMs = 0;
  readonly #sweeper: Sweeper;
  /** When it became one that gets requests, in the sweeper's time. */
  #freshAt: number;
  #refusedAt = 0;

  constructor(wanted: EdgeTarget, sweeper: Sweeper) {
    this.id = wanted.id;
    this.state = wanted.state;
    this.slot = wanted.id.replace(/#[0-9]+$/, '');
    this.token = cookieValue(wanted.id);
    this.connections = new Connections(wanted, sweeper);
    this.#sweeper = sweeper;
    this.#freshAt = sweeper.now;
  }

  /** Nothing of it is left: no request, no WebSocket. */
  get empty(): boolean {
    return this.requests === 0 && this.tunnels.size === 0;
  }

  get avoided(): boolean {
    return this.#refusedAt !== 0 && this.#sweeper.now - this.#refusedAt < AVOID_MS;
  }

  /** It has failed again and again, and has not shown yet that it is well. */
  get ejected(): boolean {
    return this.circuit.phase !== 'closed';
  }

  /** It gets requests only if there is nothing else, or from sessions that live here. */
  get out(): boolean {
    const { phase } = this.circuit;
    return phase === 'open' || phase === 'trying';
  }

  /** The part of its share of requests that it gets: it rises to 1 while it is new. */
  get share(): number {
    if (this.slowStartMs === 0) return 1;
    const age = this.#sweeper.now - this.#freshAt;
    return Math.min(1, Math.max(FIRST_SHARE, age / this.slowStartMs));
  }

  /** It refused a connection. */
  refused(): void {
    this.#refusedAt = this.#sweeper.now;
  }

  /** It gets requests from now on, or again. */
  begin(): void {
    this.#freshAt = this.#sweeper.now;
  }

  /** Does what a new state asks for. Closing: WebSockets get their close frame. Gone: the rest is cut, too. */
  follow(): void {
    this.connections.keepIdle(this.state === 'ready');
    if (this.state === 'ready' || this.state === 'draining') return;
    for (const tunnel of [...this.tunnels]) tunnel.close();
    if (this.state === 'gone') this.connections.cut();
  }
}
