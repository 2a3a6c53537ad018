/**
 * When is an instance ready? Collects what guests, edges, probes, notices and time say, and tells the supervisor, which is the
 * one authority on it.
 */
import type { AppPlan, Probe } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import type { Instance } from '../supervisor/instance.ts';
import { DASHBOARD } from './dashboard-app.ts';
import { EDGE } from './edge-app.ts';
import { EGRESS } from './egress-app.ts';
import type { Link, Links } from './links.ts';
import type { Notice } from './notify-sockets.ts';
import type { Prober } from './prober.ts';

/** One that need not listen counts as ready when it has lived this long. */
const ALIVE_MS = 1000;
/** How often it is asked, and how long it may take to answer; a command costs more than a connection. */
const PROBE_EVERY_MS = { http: 100, tcp: 50, command: 500 } as const;
const PROBE_TIMEOUT_MS = 5000;

export interface ReadinessOptions {
  readonly clock: Clock;
  readonly links: () => Links;
  readonly prober: Pick<Prober, 'ask'>;
  isRouted(app: string): boolean;
  /** It is known to listen somewhere. */
  hasPorts(app: string): boolean;
  /** The version of the route table that an edge must have. */
  tableVersion(): number;
}

type Way = 'at once' | 'alive' | 'guest' | 'edge' | 'message' | 'notify' | { readonly probe: Probe };

/** What is known of one that is not ready yet. */
interface Signs {
  /** It, or its probe, says that it is. */
  said: boolean;
  /** What is missing, for people. */
  lack: string;
}

export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #signs = new Map<string, Signs>();

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Its process runs: from now on look for signs. */
  spawned(instance: Instance): void {
    const way = this.#wayOf(instance);
    const { serial } = instance;
    const current = () => instance.phase === 'starting' && instance.serial === serial;
    // A notice may have been faster.
    if (!this.#signs.has(instance.key)) this.#signs.set(instance.key, { said: false, lack: lackOf(way) });
    if (way === 'at once') instance.dispatch({ type: 'ready' });
    else if (way === 'alive') {
      this.#options.clock.after(ALIVE_MS, () => {
        if (current()) instance.dispatch({ type: 'ready' });
      });
    } else if (typeof way === 'object') void this.#probe(way.probe, instance, current);
    this.#look(instance);
  }

  /** It, or the daemon's picture of it, has changed. */
  heard(instance: Instance, _link: Link): void {
    this.#look(instance);
  }

  /** It has sent something to its NOTIFY_SOCKET. */
  noticed(instance: Instance, notice: Notice): void {
    const signs = this.#signs.get(instance.key) ?? { said: false, lack: lackOf('notify') };
    this.#signs.set(instance.key, signs);
    if (notice.get('READY') === '1') signs.said = true;
    const status = notice.get('STATUS');
    if (status) signs.lack = `${lackOf('notify')}; its status: ${status}`;
    this.#look(instance);
  }

  /** What it lacked to be ready; to be asked once, after its end. */
  lacked(key: string): string | null {
    const lack = this.#signs.get(key)?.lack ?? null;
    this.#signs.delete(key);
    return lack;
  }

  #look(instance: Instance): void {
    if (instance.phase !== 'starting') return;
    const way = this.#wayOf(instance);
    const link = this.#options.links().get(instance.key);
    const signs = this.#signs.get(instance.key);
    const said = (way === 'message' && link?.saidReady) || signs?.said === true;
    // Requests go where it listens, so saying so is not enough.
    const mayNeedPort = typeof way === 'object' || way === 'message' || way === 'notify';
    if (mayNeedPort && said && this.#canBeReached(instance, link)) instance.dispatch({ type: 'ready' });
    if (mayNeedPort && said && signs && instance.phase === 'starting') {
      signs.lack = 'it said that it is ready, but it does not listen';
    }
    if (way === 'edge' && link && link.applied >= this.#options.tableVersion() && link.listening.length > 0) {
      instance.dispatch({ type: 'ready' });
    }
    if ((way === 'guest' || way === 'alive') && link && this.#listens(instance, link)) {
      instance.dispatch({ type: 'ready' });
    }
  }

  #canBeReached(instance: Instance, link: Link | undefined): boolean {
    const { plan } = instance;
    if (!this.#options.isRouted(plan.name) || !hasGuest(plan)) return true;
    return link !== undefined && this.#listens(instance, link);
  }

  #listens({ plan }: Instance, link: Link): boolean {
    const routed = this.#options.isRouted(plan.name);
    return link.listening.some(({ via }) => !routed || via === 'socket' || via === 'front');
  }

  #wayOf({ plan, running }: Instance): Way {
    if (plan.name === EDGE) return 'edge';
    if (plan.name === EGRESS) return 'guest';
    if (plan.name === DASHBOARD) return this.#mayListen(plan) ? 'guest' : 'alive';
    const { ready } = plan;
    if (ready.by === 'probe') return { probe: ready.probe };
    if (ready.by === 'started') return 'at once';
    if (ready.by === 'message' || ready.by === 'notify') return ready.by;
    const guest = hasGuest(plan);
    if (this.#mustListen(plan) && guest) return 'guest';
    const port = running?.record.lease.port ?? (guest ? null : plan.port);
    return port === null ? 'alive' : { probe: { kind: 'tcp', port: null } };
  }

  #mayListen({ name }: AppPlan): boolean {
    return this.#options.isRouted(name) || this.#options.hasPorts(name);
  }

  #mustListen(plan: AppPlan): boolean {
    return (
      plan.ready.by === 'listen' || this.#options.isRouted(plan.name) || this.#options.hasPorts(plan.name)
    );
  }

  async #probe(probe: Probe, instance: Instance, current: () => boolean): Promise<void> {
    if (!current()) return;
    const problem = await this.#options.prober.ask(instance, probe, PROBE_TIMEOUT_MS).catch(String);
    if (!current()) return;
    const signs = this.#signs.get(instance.key);
    if (signs) Object.assign(signs, problem === null ? { said: true } : { lack: problem });
    this.#look(instance);
    if (current()) {
      this.#options.clock.after(PROBE_EVERY_MS[probe.kind], () => void this.#probe(probe, instance, current));
    }
  }
}

function hasGuest({ guest, command }: AppPlan): boolean {
  return guest && command.node;
}

function lackOf(way: Way): string {
  if (way === 'guest') return 'it does not listen on a port';
  if (way === 'message') return "it has not called process.send('ready')";
  if (way === 'notify') return 'it has not sent READY=1';
  if (way === 'edge') return 'it does not have the routes';
  return 'it gives no sign';
}
