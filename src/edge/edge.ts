/** The edge as a whole: the table in force, the connections, and how it ends. Knows nothing of the daemon. */
import type net from 'node:net';
import type { EdgeLimits } from '../config/plan.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import type { EdgeTable, EdgeTls } from '../protocol/edge-table.ts';
import type { TrafficReport } from '../protocol/traffic-counts.ts';
import { AccessLog, refusedEntry } from './access-log.ts';
import { Connection } from './connection.ts';
import { plainIp, Trust } from './forwarded.ts';
import { Gates } from './gate/gates.ts';
import type { RequestHead } from './http1/request-head.ts';
import { ConnectionCounts } from './limits.ts';
import { Pool } from './pool.ts';
import { Router, type Site } from './routes.ts';
import { Sweeper } from './sweeper.ts';
import { Target } from './target.ts';
import { Greeter } from './tls/greeter.ts';
import { TlsPolicy } from './tls/policy.ts';
import { Traffic } from './traffic.ts';

/** A handshake that is not done when the edge drains has this long. */
const DRAIN_HANDSHAKE_MS = 1_000;
/** A draining target with Engine.IO sessions counts as left only after this long without a request: they poll. */
const SESSION_PAUSE_MS = 2_000;

export interface EdgeEvents {
  /** A target that is draining or gone has nothing open any more. May be said more than once. */
  retired(target: string): void;
  /** A line of the access log. */
  log(line: string): void;
  /** A bug has cost a connection. */
  failed(error: unknown): void;
}

export class Edge {
  readonly sweeper: Sweeper;
  readonly traffic = new Traffic();
  limits: EdgeLimits;
  unknownHost: 404 | 421 = 404;
  trust = new Trust([]);
  /** Undefined when none is wanted. */
  accessLog: AccessLog | undefined;
  /** What sites with TLS ask of requests; undefined when there are none. */
  policy: TlsPolicy | undefined;
  draining = false;
  readonly #events: EdgeEvents;
  readonly #counts = new ConnectionCounts();
  readonly #connections = new Set<Connection>();
  readonly #gates = new Gates();
  readonly #pools = new Map<string, Pool>();
  readonly #targets = new Map<string, Target>();
  #trusted = '';
  #router = new Router<Pool>([], () => undefined);
  readonly #whenEmpty = new Set<() => void>();
  readonly #greeter: Greeter;
  #sites: EdgeTable['sites'] = [];
  #tls: EdgeTls | undefined;
  #cutting = false;

  constructor(table: EdgeTable, events: EdgeEvents, tls?: EdgeTls, clock: Clock = systemClock) {
    this.#events = events;
    this.limits = table.limits;
    this.sweeper = new Sweeper(
      clock,
      () => this.#tick(),
      (error) => events.failed(error),
    );
    this.#greeter = new Greeter({
      sweeper: this.sweeper,
      secured: (secured, ip) => this.#serve(new Connection(this, secured, ip)),
      lost: (ip) => this.#left(ip),
      failed: (error) => events.failed(error),
    });
    if (tls) this.applyTls(tls);
    this.apply(table);
  }

  /** Puts other certificates in force, and what belongs to them, at once and as a whole. */
  applyTls(tls: EdgeTls): void {
    this.#tls = tls;
    this.#greeter.apply(tls);
    this.#makePolicy();
  }

  #makePolicy(): void {
    const policy = new TlsPolicy(this.#sites, this.#tls);
    this.policy = policy.empty ? undefined : policy;
  }

  /** Puts a table in force, at once and as a whole. */
  apply(table: EdgeTable): void {
    this.limits = table.limits;
    this.#sites = table.sites;
    this.#makePolicy();
    this.unknownHost = table.unknownHost;
    const trusted = table.trust.join(' ');
    if (trusted !== this.#trusted) this.trust = new Trust(table.trust);
    this.#trusted = trusted;
    this.accessLog = table.accessLog
      ? new AccessLog(table.accessLog, (line) => this.#events.log(line))
      : undefined;
    this.traffic.follow(table);
    const changed = this.#followTargets(table);
    const removed = this.#followPools(table);
    this.#router = new Router(table.sites, (name) => this.#pools.get(name), this.#gates);
    // Only now, because what is cut looks for another place at once.
    for (const target of changed) target.follow();
    for (const target of [...this.#targets.values()]) this.left(target);
    for (const pool of [...removed, ...this.#pools.values()]) pool.waiting.wakeAll();
  }

  /** Returns the targets that are not what they were. */
  #followTargets(table: EdgeTable): Target[] {
    const changed: Target[] = [];
    const wanted = new Map(
      Object.values(table.pools).flatMap((pool) =>
        pool.targets.map((target) => [target.id, target] as const),
      ),
    );
    for (const target of this.#targets.values()) {
      if (wanted.has(target.id) || target.state === 'gone') continue;
      target.state = 'gone';
      changed.push(target);
    }
    for (const [id, plan] of wanted) {
      const known = this.#targets.get(id);
      if (!known) this.#targets.set(id, new Target(plan, this.sweeper));
      else if (known.state !== plan.state) {
        known.state = plan.state;
        changed.push(known);
      }
    }
    return changed;
  }

  /** Returns the pools that are not there any more. */
  #followPools(table: EdgeTable): Pool[] {
    for (const [name, plan] of Object.entries(table.pools)) {
      const pool = this.#pools.get(name) ?? new Pool(name, plan);
      this.#pools.set(name, pool);
      pool.follow(
        plan,
        plan.targets.flatMap(({ id }) => this.#targets.get(id) ?? []),
      );
    }
    const removed = [...this.#pools.values()].filter(({ name }) => !(name in table.pools));
    for (const { name } of removed) this.#pools.delete(name);
    return removed;
  }

  /** Nothing is served at all. */
  get empty(): boolean {
    return this.#router.empty;
  }

  site(host: string): Site<Pool> | undefined {
    return this.#router.site(host);
  }

  /** Bytes that the body of this request may have; 0 = any number. */
  bodyLimit(head: RequestHead): number {
    return this.site(head.host)?.bodyLimit(head) ?? this.limits.bodyBytes;
  }

  /** Takes a connection that a server with `pauseOnConnect` accepted. */
  accept(socket: net.Socket): void {
    const ip = plainIp(socket.remoteAddress ?? '');
    if (!this.#admit(ip)) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      socket.destroySoon();
      return;
    }
    this.#serve(new Connection(this, socket, ip));
  }

  /** The same for a door that speaks TLS. */
  acceptTls(socket: net.Socket): void {
    const ip = plainIp(socket.remoteAddress ?? '');
    if (this.#admit(ip)) this.#greeter.greet(socket, ip, this.sweeper.now + this.limits.headTimeoutMs);
    else socket.destroy();
  }

  #admit(ip: string): boolean {
    if (this.#counts.admit(ip, this.limits.connectionsPerIp)) return true;
    this.refused(ip, 503, 'too many connections');
    return false;
  }

  #serve(connection: Connection): void {
    this.traffic.edge.connections++;
    this.#connections.add(connection);
    this.sweeper.add(connection);
    if (this.draining) connection.drain(false);
  }

  forget(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    this.sweeper.remove(connection);
    this.#left(connection.ip);
  }

  #left(ip: string): void {
    this.#counts.leave(ip);
    if (!this.#isEmpty) return;
    for (const onEmpty of [...this.#whenEmpty]) onEmpty();
  }

  get #isEmpty(): boolean {
    return this.#connections.size === 0 && this.#greeter.size === 0;
  }

  /** A request of this target is over. */
  leave(target: Target): void {
    target.requests--;
    this.left(target);
  }

  /** Something of this target is over: is it to go, and was that the last? */
  left(target: Target): void {
    if (target.state === 'ready' || !target.empty) return;
    target.usedAt = this.sweeper.now;
    if (target.state === 'draining' && target.sessions > 0) return;
    this.#retire(target);
  }

  #retire(target: Target): void {
    if (target.state === 'gone' && !this.#targets.delete(target.id)) return;
    this.#events.retired(target.id);
  }

  /** A connection was turned away, or what came on it was no request. */
  refused(ip: string, status: number, reason: string): void {
    this.traffic.edge.refused++;
    if (this.accessLog?.wants(status)) this.accessLog.add(refusedEntry(ip, status, reason));
  }

  /** What has gone over it, as far as it has not been told. */
  counted(): TrafficReport[] {
    const { edge } = this.traffic;
    edge.tlsHandshakes = this.#greeter.handshakes;
    edge.tlsRefusals = this.#greeter.refusals;
    return this.traffic.changed(this.#targets.values(), this.#connections.size);
  }

  /** Facts that somebody who has just come does not know yet. */
  repeat(): void {
    for (const target of this.#targets.values()) this.left(target);
    this.traffic.forgetTold();
  }

  /**
   * Finishes what is open. When the time is up WebSockets are closed with 1012 and the rest is cut; resolves when
   * nothing is left. `final`: WebSockets are closed at once. A second call can only make it shorter.
   */
  async drain(timeoutMs: number, final = false): Promise<void> {
    this.draining = true;
    this.#greeter.hurry(this.sweeper.now + DRAIN_HANDSHAKE_MS);
    for (const connection of this.#connections) connection.drain(final);
    if (await this.#emptyWithin(timeoutMs)) return;
    if (this.#cutting) return;
    this.#cutting = true;
    for (const connection of [...this.#connections]) connection.cut();
    // As long as the goodbyes of the WebSockets may take.
    await this.#emptyWithin(1_300);
    for (const connection of [...this.#connections]) connection.wire.destroy();
  }

  #emptyWithin(ms: number): Promise<boolean> {
    if (this.#isEmpty) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (empty: boolean) => {
        clearTimeout(timer);
        this.#whenEmpty.delete(onEmpty);
        resolve(empty);
      };
      const onEmpty = () => settle(true);
      const timer = setTimeout(() => settle(false), ms);
      this.#whenEmpty.add(onEmpty);
    });
  }

  #tick(): void {
    const { now } = this.sweeper;
    for (const pool of this.#pools.values()) {
      pool.sessions.expire(now);
      // Those whose targets refused a connection: they may be back before the daemon says so.
      if (pool.targets.some((target) => target.state === 'ready')) pool.waiting.wakeAll();
    }
    for (const target of this.#targets.values()) {
      const quiet = target.state === 'draining' && target.sessions > 0 && target.empty;
      if (
        quiet &&
        now - target.usedAt >= SESSION_PAUSE_MS &&
        now - target.usedAt < SESSION_PAUSE_MS + 1_000
      ) {
        this.#retire(target);
      }
    }
  }
}
