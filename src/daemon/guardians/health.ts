/**
 * Health checks: asks every ready instance now and then how it is. One that fails several times in a row is replaced. When all
 * instances of an app fail, the reason is most likely not in them (a database is down) and replacing all at once would make
 * it worse, so they are replaced one at a time.
 */
import type { Clock } from '../../kit/clock.ts';
import type { Instance } from '../../supervisor/instance.ts';
import type { Supervisor, SupervisorFact } from '../../supervisor/supervisor.ts';
import type { Guardian, GuardianContext } from '../guardians.ts';
import type { Journal } from '../journal.ts';
import type { Prober } from '../prober.ts';

export interface HealthOptions {
  readonly clock: Clock;
  /** 0 <= random < 1 */
  random(): number;
  readonly journal: Pick<Journal, 'record'>;
  readonly supervisor: Pick<Supervisor, 'apps'>;
  readonly prober: Pick<Prober, 'ask'>;
  /** Its guest is connected: it is known where it listens. */
  isLinked(instance: Instance): boolean;
}

export function createHealth({ clock, journal, supervisor, vitals }: GuardianContext): Guardian {
  return new Health({
    clock,
    random: Math.random,
    journal,
    supervisor,
    prober: vitals.prober,
    isLinked: (instance) => vitals.isLinked(instance),
  });
}

/** An answer that comes this much after its timeout tells that we were late ourselves: overloaded, or the machine slept. */
const OWN_LATENESS_MS = 1000;
/** After the start of a daemon, guests need a moment to find it. */
const LINK_MS = 5000;

/** What is known of one instance that is being asked. */
interface Watch {
  readonly instance: Instance;
  /** Failures in a row. */
  failures: number;
  reason: string;
  readonly since: number;
  cancel: () => void;
}

export class Health implements Guardian {
  readonly #options: HealthOptions;
  readonly #watches = new Map<string, Watch>();
  /** App -> the instance that is being replaced. */
  readonly #turns = new Map<string, { readonly instance: Instance; readonly serial: number }>();

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  heard(fact: SupervisorFact): void {
    if (fact.kind === 'instance') this.#endTurn(fact);
    if (fact.kind !== 'rollout') this.#look(fact.app.name);
  }

  changed(): void {
    this.#look(null);
  }

  close(): void {
    for (const { cancel } of this.#watches.values()) cancel();
    this.#watches.clear();
  }

  /** Begins with those that are ready, ends with those that no longer are. */
  #look(only: string | null): void {
    for (const [key, { instance, cancel }] of this.#watches) {
      if (isAsked(instance) && instance.key === key) continue;
      cancel();
      this.#watches.delete(key);
    }
    for (const app of this.#options.supervisor.apps) {
      if (only !== null && app.name !== only) continue;
      for (const instance of app.instances) {
        if (isAsked(instance) && !this.#watches.has(instance.key)) this.#begin(instance);
      }
    }
  }

  /** At a random moment, so that not all instances of all apps are asked at once. */
  #begin(instance: Instance): void {
    const since = this.#options.clock.now();
    const watch: Watch = { instance, failures: 0, reason: '', since, cancel: () => undefined };
    this.#watches.set(instance.key, watch);
    this.#schedule(watch, this.#options.random() * (instance.plan.health?.everyMs ?? 0));
  }

  #schedule(watch: Watch, ms: number): void {
    watch.cancel = this.#options.clock.after(ms, () => void this.#ask(watch));
  }

  async #ask(watch: Watch): Promise<void> {
    const { clock, prober } = this.#options;
    const { instance } = watch;
    const { health } = instance.plan;
    if (!health) return;
    const startedAt = clock.now();
    if (startedAt < watch.since + LINK_MS && this.#isUnlinked(instance)) {
      this.#schedule(watch, health.everyMs);
      return;
    }
    const problem = await prober.ask(instance, health.probe, health.timeoutMs).catch(String);
    // Not ready any more.
    if (this.#watches.get(instance.key) !== watch) return;
    const tookMs = clock.now() - startedAt;
    const isOurFault = tookMs > health.timeoutMs + OWN_LATENESS_MS;
    if (problem === null) watch.failures = 0;
    else if (!isOurFault) this.#failed(watch, problem, health.failures);
    // Still ready: the failure may have ended it.
    if (this.#watches.get(instance.key) === watch) {
      this.#schedule(watch, Math.max(0, health.everyMs - tookMs));
    }
  }

  #isUnlinked(instance: Instance): boolean {
    return instance.running?.record.lease.guest === true && !this.#options.isLinked(instance);
  }

  #failed(watch: Watch, problem: string, limit: number): void {
    const { instance } = watch;
    watch.failures += 1;
    watch.reason = problem;
    if (watch.failures === 1 && limit > 1) this.#record('health.failed', instance, problem, { failures: 1 });
    if (watch.failures >= limit) this.#replace(watch);
  }

  #replace({ instance, failures, reason }: Watch): void {
    const app = instance.plan.name;
    // It is asked again, and may be well by then.
    if (this.#isTurnTaken(app)) return;
    this.#turns.set(app, { instance, serial: instance.serial });
    const times = failures === 1 ? '' : `, ${failures} times in a row`;
    const words = `its health check failed${times}: ${reason}`;
    this.#record('instance.unhealthy', instance, words);
    instance.dispatch({ type: 'unhealthy', reason: words });
  }

  /** Not every end of a turn is told: one that is stopped between two attempts, or while it ends, just is no more. */
  #isTurnTaken(name: string): boolean {
    const turn = this.#turns.get(name);
    if (!turn) return false;
    const { instance, serial } = turn;
    const app = this.#options.supervisor.apps.find((one) => one.name === name);
    const isBack = instance.phase === 'ready' && instance.serial !== serial;
    return instance.isActive && !isBack && app?.current.includes(instance) === true;
  }

  /** The next one may go when this one is ready again, or has failed to become so. */
  #endTurn({ app, instance, fact }: Extract<SupervisorFact, { kind: 'instance' }>): void {
    const turn = this.#turns.get(app.name);
    if (turn?.instance !== instance) return;
    const isSuccessor = instance.serial !== turn.serial;
    const isOver = fact.type === 'crashed' || fact.type === 'spawnFailed' ? isSuccessor : true;
    if (isOver && ['crashed', 'spawnFailed', 'ready', 'stopped', 'failed', 'done'].includes(fact.type)) {
      this.#turns.delete(app.name);
    }
  }

  #record(
    type: 'health.failed' | 'instance.unhealthy',
    instance: Instance,
    reason: string,
    data?: { readonly failures: number },
  ) {
    const pid = instance.running?.record.pid;
    this.#options.journal.record(type, {
      app: instance.plan.name,
      instance: instance.id,
      ...(pid !== undefined && { pid }),
      reason,
      ...(data && { data }),
    });
  }
}

function isAsked({ plan, phase, draining, running }: Instance): boolean {
  return plan.health !== null && phase === 'ready' && !draining && running !== null;
}
