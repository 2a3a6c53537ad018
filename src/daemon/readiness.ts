/**
 * When is an instance ready? Collects what guests, edges, probes and time say, and tells the supervisor, which is the one
 * authority on it.
 */
import net from 'node:net';
import type { AppPlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import type { Instance } from '../supervisor/instance.ts';
import { EDGE } from './edge-app.ts';
import type { Link, Links } from './links.ts';

/** One that need not listen counts as ready when it has lived this long. */
const ALIVE_MS = 1000;
const PROBE_EVERY_MS = 50;

export interface ReadinessOptions {
  readonly clock: Clock;
  readonly links: () => Links;
  isRouted(app: string): boolean;
  /** It is known to listen somewhere. */
  hasPorts(app: string): boolean;
  /** The version of the route table that an edge must have. */
  tableVersion(): number;
}

type Way = 'at once' | 'alive' | 'guest' | 'edge' | { readonly port: number };

export class Readiness {
  readonly #options: ReadinessOptions;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Its process runs: from now on look for signs. */
  spawned(instance: Instance): void {
    const way = this.#wayOf(instance);
    const { serial } = instance;
    const current = () => instance.phase === 'starting' && instance.serial === serial;
    if (way === 'at once') instance.dispatch({ type: 'ready' });
    else if (way === 'alive') {
      this.#options.clock.after(ALIVE_MS, () => {
        if (current()) instance.dispatch({ type: 'ready' });
      });
    } else if (typeof way === 'object') this.#probe(way.port, instance, current);
    else {
      const link = this.#options.links().get(instance.key);
      if (link) this.heard(instance, link);
    }
  }

  /** It, or the daemon's picture of it, has changed. */
  heard(instance: Instance, link: Link): void {
    if (instance.phase !== 'starting') return;
    const way = this.#wayOf(instance);
    const routed = this.#options.isRouted(instance.plan.name);
    const listens = link.listening.some(({ via }) => !routed || via === 'socket');
    if (way === 'edge' && link.applied >= this.#options.tableVersion() && link.listening.length > 0) {
      instance.dispatch({ type: 'ready' });
    }
    if ((way === 'guest' || way === 'alive') && listens) instance.dispatch({ type: 'ready' });
  }

  #wayOf({ plan, running }: Instance): Way {
    if (plan.name === EDGE) return 'edge';
    if (plan.ready.by === 'started') return 'at once';
    const guest = plan.guest && plan.command.node;
    if (this.#mustListen(plan) && guest) return 'guest';
    const port = running?.record.lease.port ?? (guest ? null : plan.port);
    return port === null ? 'alive' : { port };
  }

  #mustListen(plan: AppPlan): boolean {
    return (
      plan.ready.by === 'listen' || this.#options.isRouted(plan.name) || this.#options.hasPorts(plan.name)
    );
  }

  /** A program without a guest is ready when its port answers. */
  #probe(port: number, instance: Instance, current: () => boolean): void {
    if (!current()) return;
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      if (current()) instance.dispatch({ type: 'ready' });
    });
    socket.once('error', () => {
      this.#options.clock.after(PROBE_EVERY_MS, () => this.#probe(port, instance, current));
    });
  }
}
