/** The edge as a whole: the table in force, the connections, and how it ends. Knows nothing of the daemon. */
import type net from 'node:net';
import type { EdgeLimits } from '../config/plan.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import type { EdgePool, EdgeTable, EdgeTls } from '../protocol/edge-table.ts';
import type { Rejection } from '../protocol/link.ts';
import type { TrafficReport } from '../protocol/traffic-counts.ts';
import type { Http2Rules } from '../protocol/traffic-rules.ts';
import { AccessLog, refusedEntry } from './access-log.ts';
import { Caches } from './cache/caches.ts';
import { Checks } from './checks.ts';
import type { ClientConnection } from './client-connection.ts';
import { Connection } from './connection.ts';
import { Trust } from './forwarded.ts';
import { Gates } from './gate/gates.ts';
import type { RequestHead } from './http1/request-head.ts';
import { Session } from './http2/session.ts';
import { ConnectionCounts, Refusals, turnAway } from './limits.ts';
import { Pool } from './pool.ts';
import { ipOf } from './proxy-protocol/ends.ts';
import { Prefaces } from './proxy-protocol/preface.ts';
import { Router, type Site } from './routes.ts';
import { collectGarbage } from './shaping/collect-garbage.ts';
import { MemoryGuard, type Usage } from './shaping/memory.ts';
import { Sweeper } from './sweeper.ts';
import { Target } from './target.ts';
import { Greeter } from './tls/greeter.ts';
import { TlsPolicy } from './tls/policy.ts';
import type { Secured } from './tls/secured.ts';
import { Traffic } from './traffic.ts';

/** A handshake that is not done when the edge drains has this long. */
const DRAIN_HANDSHAKE_MS = 1_000;
/** A draining target with Engine.IO sessions counts as left only after this long without a request: they poll. */
const SESSION_PAUSE_MS = 2_000;
/** Between two looks at the memory. */
const LOOK_MS = 1_000;
/** Between two times that something is said of copies. */
const NEWS_MS = 60_000;

export interface EdgeEvents {
  /** A target that is draining or gone has nothing open any more. May be said more than once. */
  retired(target: string): void;
  /** A line of the access log. */
  log(line: string): void;
  /** A bug has cost a connection. */
  failed(error: unknown): void;
  /** Something that people should know. */
  notice(text: string): void;
}

export class Edge {
  readonly sweeper: Sweeper;
  readonly traffic = new Traffic();
  readonly caches = new Caches();
  limits: EdgeLimits;
  http2: Http2Rules;
  unknownHost: 404 | 421 = 404;
  trust = new Trust([]);
  /** Undefined when none is wanted. */
  accessLog: AccessLog | undefined;
  /** What sites with TLS ask of requests; undefined when there are none. */
  policy: TlsPolicy | undefined;
  draining = false;
  readonly #events: EdgeEvents;
  readonly #clock: Clock;
  readonly #counts = new ConnectionCounts();
  readonly #refusals = new Refusals();
  readonly #memory: MemoryGuard;
  #lookedAt = 0;
  readonly #connections = new Set<ClientConnection>();
  readonly #gates = new Gates();
  readonly #pools = new Map<string, Pool>();
  readonly #targets = new Map<string, Target>();
  #trusted = '';
  #router = new Router<Pool>([], () => undefined);
  readonly #whenEmpty = new Set<() => void>();
  readonly #greeter: Greeter;
  readonly #prefaces: Prefaces;
  #proxyProtocol = false;
  readonly #checks: Checks;
  #sites: EdgeTable['sites'] = [];
  #tls: EdgeTls | undefined;
  #cutting = false;

  constructor(
    table: EdgeTable,
    events: EdgeEvents,
    tls?: EdgeTls,
    clock: Clock = systemClock,
    usage: () => Usage = () => process.memoryUsage(),
  ) {
    this.#events = events;
    this.#clock = clock;
    this.#memory = new MemoryGuard({
      usage,
      connections: () => this.#connections.size + this.#greeter.size,
      clearCaches: () => this.caches.clearAll(),
      collect: collectGarbage,
      notice: (text) => events.notice(text),
    });
    this.limits = table.limits;
    this.http2 = table.http2;
    this.sweeper = new Sweeper(
      clock,
      () => this.#tick(),
      (error) => events.failed(error),
    );
    const notice = (text: string) => events.notice(text);
    this.#checks = new Checks({ sweeper: this.sweeper, notice, random: Math.random });
    this.#prefaces = new Prefaces({
      sweeper: this.sweeper,
      trusts: (ip) => this.trust.includes(ip),
      refused: (ip, reason) => this.refused(ip, 400, reason),
      notice,
      lost: () => this.#sayIfEmpty(),
      failed: (error) => events.failed(error),
    });
    this.#greeter = new Greeter({
      sweeper: this.sweeper,
      secured: (secured, ip) => {
        const { alpnProtocol } = secured.socket;
        this.#serve(new (alpnProtocol === 'h2' ? Session : Connection)(this, secured, ip));
      },
      lost: (ip) => this.#left(ip),
      failed: (error) => events.failed(error),
    });
    if (tls) this.applyTls(tls);
    this.apply(table);
  }

  /** Puts other certificates in force, and what belongs to them, at once and as a whole. */
  applyTls(tls: EdgeTls): void {
    this.#tls = tls;
    this.#greeter.apply(tls, this.http2.tls);
    this.#makePolicy();
  }

  #makePolicy(): void {
    const policy = new TlsPolicy(this.#sites, this.#tls);
    this.policy = policy.empty ? undefined : policy;
  }

  /** Puts a table in force, at once and as a whole. */
  apply(table: EdgeTable): void {
    this.limits = table.limits;
    const wasOffered = this.http2.tls;
    this.http2 = table.http2;
    if (this.#tls && this.http2.tls !== wasOffered) this.#greeter.apply(this.#tls, this.http2.tls);
    this.#sites = table.sites;
    this.#makePolicy();
    this.unknownHost = table.unknownHost;
    this.#proxyProtocol = table.proxyProtocol;
    const trusted = table.trust.join(' ');
    if (trusted !== this.#trusted) this.trust = new Trust(table.trust);
    this.#trusted = trusted;
    this.accessLog = table.accessLog
      ? new AccessLog(table.accessLog, (line) => this.#events.log(line))
      : undefined;
    this.traffic.follow(table);
    this.caches.follow(table.sites);
    const changed = this.#followTargets(table);
    const removed = this.#followPools(table);
    this.#checks.follow(this.#pools.values(), (pool) => table.pools[pool]?.check);
    const look = {
      isUp: (pool: Pool) => pool.isUp,
      hasSession: (pool: Pool, id: string) => pool.sessions.find(id, this.sweeper.now) !== undefined,
    };
    this.#router = new Router(table.sites, (name) => this.#pools.get(name), this.#gates, look);
    // Only now, because what is cut looks for another place at once.
    for (const target of changed) target.follow();
    for (const target of [...this.#targets.values()]) this.left(target);
    for (const pool of [...removed, ...this.#pools.values()]) pool.waiting.wakeAll();
    this.#gates.resume({
      after: (ms, step) => this.#clock.after(ms, step),
      open: (host) => this.traffic.of(host).openRequests,
    });
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
      const pool = this.#pools.get(name) ?? this.#newPool(name, plan);
      this.#pools.set(name, pool);
      pool.follow(
        plan,
        plan.targets.flatMap(({ id }) => this.#targets.get(id) ?? []),
      );
      for (const target of plan.targets)
        this.#targets.get(target.id)?.connections.follow(target, plan.rules.protocol);
    }
    const removed = [...this.#pools.values()].filter(({ name }) => !(name in table.pools));
    for (const { name } of removed) this.#pools.delete(name);
    return removed;
  }

  #newPool(name: string, plan: EdgePool): Pool {
    return new Pool(name, plan, this.sweeper.now, (text) => this.#events.notice(text));
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
    this.#introduce(socket, (known) => this.#accept(known));
  }

  /** The same for a door that speaks TLS. */
  acceptTls(socket: net.Socket): void {
    this.#introduce(socket, (known) => this.#acceptTls(known));
  }

  /** Where connections begin with a PROXY header, that says first who the client is. */
  #introduce(socket: net.Socket, next: (socket: net.Socket) => void): void {
    if (this.#proxyProtocol) this.#prefaces.read(socket, this.sweeper.now + this.limits.headTimeoutMs, next);
    else next(socket);
  }

  #accept(socket: net.Socket): void {
    const ip = ipOf(socket);
    if (this.#admit(socket, ip, true)) this.#serve(new Connection(this, socket, ip));
  }

  #acceptTls(socket: net.Socket): void {
    const ip = ipOf(socket);
    if (this.#admit(socket, ip, false))
      this.#greeter.greet(socket, ip, this.sweeper.now + this.limits.headTimeoutMs);
  }

  /** `plain`: it can be told in plain HTTP why not. */
  #admit(socket: net.Socket, ip: string, plain: boolean): boolean {
    const full = this.#memory.shedding === 'connections';
    if (!full && this.#counts.admit(ip, this.limits.connectionsPerIp)) return true;
    if (full) this.#memory.turnedAway++;
    const told = this.#refusals.take(this.sweeper.now);
    if (told) this.refused(ip, 503, full ? 'too little memory' : 'too many connections');
    else this.traffic.edge.refused++;
    turnAway(socket, told && plain);
    return false;
  }

  /** There is no memory for another request. Whoever asks turns one away if so. */
  get crowded(): boolean {
    const { shedding } = this.#memory;
    if (shedding === 'nothing' || shedding === 'idle') return false;
    this.#memory.turnedAway++;
    return true;
  }

  /** A connection without TLS has begun with the preface of HTTP/2: the rest of it is a session's. */
  takeOver(connection: Connection, bytes: Buffer): void {
    this.sweeper.remove(connection);
    this.#connections.delete(connection);
    const session = new Session(this, connection.wire, connection.ip);
    this.traffic.edge.http2Connections++;
    this.#connections.add(session);
    this.sweeper.add(session);
    if (this.draining) session.drain(false);
    session.onBytes(bytes, 0, bytes.length);
  }

  /** Whether the certificate that this connection began with is one for this host, too. */
  isServedBy(secured: Secured, host: string): boolean {
    return this.#greeter.sites.covers(secured.site, host);
  }

  #serve(connection: ClientConnection): void {
    this.traffic.edge.connections++;
    if (connection instanceof Session) this.traffic.edge.http2Connections++;
    this.#connections.add(connection);
    this.sweeper.add(connection);
    if (this.draining) connection.drain(false);
  }

  forget(connection: ClientConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.sweeper.remove(connection);
    this.#left(connection.ip);
  }

  #left(ip: string): void {
    this.#counts.leave(ip);
    this.#sayIfEmpty();
  }

  #sayIfEmpty(): void {
    if (!this.#isEmpty) return;
    for (const onEmpty of [...this.#whenEmpty]) onEmpty();
  }

  get #isEmpty(): boolean {
    return this.#connections.size === 0 && this.#greeter.size === 0 && this.#prefaces.size === 0;
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
  refused(ip: string, status: number, reason: string, asked?: RequestHead): void {
    this.traffic.edge.refused++;
    if (this.accessLog?.wants(status)) this.accessLog.add(refusedEntry(ip, status, reason, asked));
  }

  /** What has gone over it, as far as it has not been told. */
  counted(): TrafficReport[] {
    const { edge } = this.traffic;
    edge.tlsHandshakes = this.#greeter.handshakes;
    edge.tlsRefusals = this.#greeter.refusals;
    return this.traffic.changed(this.#targets.values(), this.#connections.size);
  }

  /** Sites whose certificate nobody takes. */
  get rejections(): Rejection[] {
    return this.#greeter.rejections.all;
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
    this.#prefaces.hurry(this.sweeper.now + DRAIN_HANDSHAKE_MS);
    for (const connection of this.#connections) connection.drain(final);
    if (await this.#emptyWithin(timeoutMs)) return;
    if (this.#cutting) return;
    this.#cutting = true;
    this.#gates.giveUp();
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

  /** Looks at the memory, and says what nobody was told. */
  #look(now: number): void {
    if (now - this.#lookedAt < LOOK_MS) return;
    if (Math.floor(now / NEWS_MS) !== Math.floor(this.#lookedAt / NEWS_MS)) {
      for (const text of this.#gates.news()) this.#events.notice(text);
    }
    this.#lookedAt = now;
    this.#memory.look(this.limits.memoryBytes, now);
    if (this.#memory.shedding !== 'nothing')
      for (const connection of this.#connections) connection.drain(false);
    const untold = this.#refusals.takeUntold();
    if (untold > 0)
      this.accessLog?.add(refusedEntry('-', 503, `${untold} more connections were turned away`));
  }

  #tick(): void {
    const { now } = this.sweeper;
    this.#look(now);
    for (const pool of this.#pools.values()) pool.tick(now);
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
