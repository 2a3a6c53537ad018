/**
 * How work reaches instances: for routed apps through the edges' route table, for the others through their held ports. The only
 * place where the supervisor and the edge meet.
 */
import type { EdgePlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import type { EdgeTable, EdgeTarget, EdgeTls } from '../protocol/edge-table.ts';
import type { DrainOrder, Traffic } from '../supervisor/app.ts';
import type { Instance } from '../supervisor/instance.ts';
import { Authorities } from './authorities.ts';
import { EDGE } from './edge-app.ts';
import { edgeTable } from './edge-table.ts';
import { isOwn } from './egress-app.ts';
import type { Link, Links } from './links.ts';
import type { DesiredState } from './state.ts';

export interface RoutingOptions {
  readonly clock: Clock;
  readonly links: () => Links;
  state(): DesiredState;
  instancesOf(app: string): readonly Instance[];
  isRouted(app: string): boolean;
  /** The same object as long as nothing in it has changed. */
  tls(edge: EdgePlan): EdgeTls;
  /** The server in the place of the edge, if there is one. */
  readonly front: Traffic & { refresh(): void };
}

/** An edge that does not answer for this long is not waited for: its own restart will bring it up to date. */
const EDGE_ANSWER_MS = 5000;
/** Guests and edges look for a new daemon at least once a second. */
const LINK_WAIT_MS = 3000;
/** For the last words of WebSockets that are closed at the end of the drain time. */
const FAREWELL_MS = 1500;

export class Routing implements Traffic {
  readonly #options: RoutingOptions;
  /** Instances whose WebSockets are to end now: their drain time is over, or nobody follows them. */
  readonly #closing = new Set<string>();
  readonly #retiredBy = new Map<string, Set<Link>>();
  readonly #drained = new Set<string>();
  readonly #waiting = new Set<() => void>();
  readonly #authorities = new Authorities();
  #table: EdgeTable | null = null;
  #tls: EdgeTls | null = null;
  /** Starts at the time, so that it grows over restarts of the daemon, too. */
  #version: number;

  constructor(options: RoutingOptions) {
    this.#options = options;
    this.#version = options.clock.now();
  }

  get tableVersion(): number {
    return this.#version;
  }

  /** As the edges have it; null = there was none yet. */
  get table(): EdgeTable | null {
    return this.#table;
  }

  /** Makes the table anew and sends it when it is another one. */
  refresh(): void {
    const { edge, front } = this.#options.state();
    if (front) this.#options.front.refresh();
    if (front || !edge) return;
    const next = this.#make(edge, this.#version);
    const tls = this.#options.tls(edge);
    const otherTls = tls !== this.#tls;
    if (this.#table && !otherTls && JSON.stringify(next) === JSON.stringify(this.#table)) return;
    this.#version += 1;
    this.#table = { ...next, version: this.#version };
    this.#tls = tls;
    for (const link of this.#edges()) {
      // First, because a site of the table may need what is new in it.
      if (otherTls) link.send({ type: 'tls', tls });
      link.send({ type: 'table', table: this.#table });
    }
  }

  /** Resolves when all edges have what there is now in force, or do not answer. */
  async settled(): Promise<void> {
    this.refresh();
    const version = this.tableVersion;
    await this.#until(() => this.#allEdges(({ applied }) => applied >= version), EDGE_ANSWER_MS);
  }

  /** An edge (again) connected. */
  connected(link: Link): void {
    this.refresh();
    if (this.#tls) link.send({ type: 'tls', tls: this.#tls });
    if (this.#table) link.send({ type: 'table', table: this.#table });
  }

  retired(link: Link, target: string): void {
    const by = this.#retiredBy.get(target) ?? new Set();
    this.#retiredBy.set(target, by.add(link));
    this.changed();
  }

  drained(key: string): void {
    this.#drained.add(key);
    this.changed();
  }

  /** Something that `admit` or `retire` may wait for has happened. */
  changed(): void {
    for (const look of [...this.#waiting]) look();
  }

  async admit(instance: Instance): Promise<void> {
    if (!this.#options.isRouted(instance.plan.name)) return;
    if (this.#options.state().front) return this.#options.front.admit(instance);
    this.refresh();
    await this.#until(() => this.#allEdges(({ applied }) => applied >= this.tableVersion), EDGE_ANSWER_MS);
  }

  async retire(instance: Instance, order: DrainOrder): Promise<void> {
    const { timeoutMs, final } = order;
    const { key } = instance;
    const gone = () => instance.phase !== 'ready';
    const lease = instance.running?.record.lease;
    // What it was given counts, not what is routed now: it may be from before.
    const behindFront = lease?.front !== undefined || (lease?.port && this.#options.state().front !== null);
    if (behindFront) await this.#options.front.retire(instance, order);
    else if (lease && (lease.socket !== null || lease.port !== null)) {
      this.#retiredBy.delete(key);
      if (final) this.#closing.add(key);
      this.refresh();
      const done = () => gone() || this.#allEdges((link) => this.#retiredBy.get(key)?.has(link) ?? false);
      await this.#until(done, timeoutMs);
      if (!done() && !final) {
        this.#closing.add(key);
        this.refresh();
        await this.#until(done, FAREWELL_MS);
      }
      this.#closing.delete(key);
      this.#retiredBy.delete(key);
      return;
    }
    if (!this.#hasLink(instance)) return;
    // It may have to find a daemon that has just started.
    await this.#until(() => gone() || this.#options.links().get(key) !== undefined, LINK_WAIT_MS);
    const link = this.#options.links().get(key);
    if (!link) return;
    link.send({ type: 'drain', timeoutMs, final });
    await this.#until(() => gone() || this.#drained.has(key), timeoutMs + FAREWELL_MS);
    this.#drained.delete(key);
  }

  #hasLink({ plan, running }: Instance): boolean {
    return (isOwn(plan.name) && plan.command.node) || (running?.record.lease.guest ?? false);
  }

  /** Every edge that serves is connected, and `is` holds for it. */
  #allEdges(is: (link: Link) => boolean): boolean {
    return this.#options
      .instancesOf(EDGE)
      .filter(({ phase }) => phase === 'ready')
      .every(({ key }) => {
        const link = this.#options.links().get(key);
        return link !== undefined && is(link);
      });
  }

  #edges(): Link[] {
    return this.#options.links().all.filter(({ hello }) => hello.role === 'edge');
  }

  #make(edge: EdgePlan, version: number): EdgeTable {
    return edgeTable(
      version,
      this.#options.state(),
      edge,
      (app) => this.#targetsOf(app),
      (file) => this.#authorities.get(file),
    );
  }

  #targetsOf(app: string): EdgeTarget[] {
    return this.#options.instancesOf(app).flatMap((instance): EdgeTarget[] => {
      const lease = instance.running?.record.lease;
      if (instance.phase !== 'ready' || !lease) return [];
      const address = lease.socket
        ? { path: lease.socket }
        : lease.port !== null
          ? { host: '127.0.0.1', port: lease.port }
          : null;
      // Started before it was routed; its successor will have an address.
      if (!address) return [];
      const state = this.#closing.has(instance.key) ? 'closing' : instance.draining ? 'draining' : 'ready';
      return [{ id: instance.key, address, guest: lease.guest, state }];
    });
  }

  #until(condition: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        cancel();
        this.#waiting.delete(look);
        resolve();
      };
      const look = () => {
        if (condition()) finish();
      };
      const cancel = this.#options.clock.after(timeoutMs, finish);
      this.#waiting.add(look);
      look();
    });
  }
}
