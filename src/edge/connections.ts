/** The connections to one target: those that carry a request, and idle ones for the next. */
import type { EdgeTarget } from '../protocol/edge-table.ts';
import type { UpstreamRules } from '../protocol/traffic-rules.ts';
import type { Caller, Carriage } from './carriage.ts';
import { Dialer } from './dialer.ts';
import type { Failure } from './failure.ts';
import type { Client } from './forwarded.ts';
import { Sessions } from './h2c/sessions.ts';
import { ResponseHeadReader } from './http1/response-head.ts';
import { endsOfClient, proxyHeader } from './proxy-protocol/write.ts';
import type { Sweeper } from './sweeper.ts';
import { Upstream } from './upstream.ts';
import { report } from './wire.ts';

/** Longest idle time of a pooled connection; the guest keeps apps from closing theirs before 65 s. */
const IDLE_MS = 60_000;
const IDLE_MAX = 512;

export class Connections {
  plan: EdgeTarget;
  dialer: Dialer;
  readonly answers = new ResponseHeadReader();
  readonly #sweeper: Sweeper;
  readonly #idle: Upstream[] = [];
  readonly #all = new Set<Upstream>();
  /** Of an app that speaks HTTP/2. */
  #sessions: Sessions | undefined;
  /** Those of before the table said otherwise, with what they still carry. */
  #former: readonly Sessions[] = [];
  #open = true;
  /** Why it was of no use the last time, until it is again: told once. */
  #complaint = '';

  constructor(plan: EdgeTarget, sweeper: Sweeper) {
    this.plan = plan;
    this.dialer = new Dialer(plan, 'http/1.1');
    this.#sweeper = sweeper;
  }

  /** Follows the table: new connections are made as it says, and idle ones that were made otherwise end. */
  follow(plan: EdgeTarget, protocol: UpstreamRules['protocol']): void {
    const isHttp2 = protocol === 'h2c';
    if (isHttp2 === (this.#sessions !== undefined) && wayTo(plan) === wayTo(this.plan)) return;
    this.plan = plan;
    this.dialer = new Dialer(plan, isHttp2 ? 'h2' : 'http/1.1');
    for (const upstream of this.#idle.splice(0)) upstream.wire.destroy();
    if (this.#sessions) {
      this.#sessions.keepIdle(false);
      this.#former = [...this.#former, this.#sessions].filter(({ isEmpty }) => !isEmpty);
    }
    this.#sessions = isHttp2 ? new Sessions(this, this.#sweeper) : undefined;
    this.#sessions?.keepIdle(this.#open);
  }

  /** An idle connection, the one used last first: the others may be closed by then. */
  takeIdle(caller: Caller): Carriage | undefined {
    if (this.#sessions) return this.plan.proxyProtocol ? undefined : this.#sessions.take(caller);
    const upstream = this.#idle.pop();
    upstream?.take(caller);
    return upstream;
  }

  /** @param client whose request it is; left out: it is the edge's own */
  connect(caller: Caller, client?: Client): Carriage {
    const { proxyProtocol } = this.plan;
    const preface = proxyProtocol ? proxyHeader(proxyProtocol, client && endsOfClient(client)) : '';
    if (this.#sessions) return this.#sessions.connect(caller, preface);
    const upstream = new Upstream(this, caller, preface);
    this.#all.add(upstream);
    this.#sweeper.add(upstream);
    return upstream;
  }

  /** For a question of the edge itself: a connection of its own, or a stream of one that there is. `ready`: at once. */
  probe(caller: Caller): { readonly carriage: Carriage; readonly ready: boolean } {
    const there = this.#sessions && this.takeIdle(caller);
    return there ? { carriage: there, ready: true } : { carriage: this.connect(caller), ready: false };
  }

  /** Takes back a connection whose request is done. `seconds`: how long the app says it keeps idle ones, 0 = unsaid. */
  keep(upstream: Upstream, seconds: number): void {
    const idleMs = seconds > 0 ? Math.min(IDLE_MS, (seconds - 1) * 1000) : IDLE_MS;
    if (!this.#open || idleMs === 0 || this.#idle.length >= IDLE_MAX || upstream.dialer !== this.dialer) {
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
    this.#sessions?.keepIdle(open);
    if (!open) for (const upstream of this.#idle.splice(0)) upstream.wire.destroy();
  }

  /** Ends them all, whatever they do: the app is gone. */
  cut(): void {
    for (const upstream of [...this.#all]) upstream.cut();
    this.#sessions?.cut();
    for (const former of this.#former) former.cut();
    this.#former = [];
  }

  /** A connection has been made. */
  reached(): void {
    this.#complaint = '';
  }

  /** A connection could not be made. That it is down others see to; that it is not what it should be somebody has to be told. */
  unreached({ retryable, cause }: Failure): void {
    if (retryable !== 'never' || this.#complaint === cause) return;
    this.#complaint = cause;
    report(`No request is sent to ${this.plan.id}: ${cause}`);
  }
}

/** How it is connected to, as text. */
function wayTo({ address, tls, proxyProtocol, guest }: EdgeTarget): string {
  return JSON.stringify([address, tls, proxyProtocol, guest]);
}
