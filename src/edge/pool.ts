/** The targets of one app: who of its requests goes where, and how many at a time. */
import type { EdgePool } from '../protocol/edge-table.ts';
import type { Affinity } from './affinity.ts';
import { byKey, leastBusy } from './balancer.ts';
import { RetryBudget } from './health/retry-budget.ts';
import { type Notice, Ward } from './health/ward.ts';
import { HoldQueue } from './hold.ts';
import { cookieName, Sessions } from './sticky.ts';
import type { Target } from './target.ts';

export class Pool {
  readonly name: string;
  readonly cookieName: string;
  readonly sessions = new Sessions();
  readonly waiting = new HoldQueue();
  readonly retries: RetryBudget;
  readonly ward: Ward;
  /** As the table says. */
  plan: Pick<EdgePool, 'sticky' | 'hold' | 'rules'>;
  #targets: readonly Target[] = [];
  #ready: readonly Target[] = [];
  #turn = 0;
  #inFlight = 0;

  constructor(name: string, plan: EdgePool, now = 0, notice: Notice = () => {}) {
    this.name = name;
    this.plan = plan;
    this.cookieName = cookieName(name);
    this.retries = new RetryBudget(plan.rules.retries, now);
    this.ward = new Ward(notice);
  }

  /** Follows the table. */
  follow(plan: EdgePool, targets: readonly Target[]): void {
    const { slowStartMs, retries } = plan.rules;
    this.plan = plan;
    this.retries.follow(retries);
    this.#targets = targets;
    for (const target of targets) target.slowStartMs = slowStartMs;
    this.refresh();
  }

  /** Looks anew which targets may get requests. */
  refresh(): void {
    const before = this.#ready;
    this.#ready = this.#targets.filter(({ state, down }) => state === 'ready' && !down);
    for (const target of this.#ready) if (!before.includes(target)) target.begin();
    this.ward.follow(this.plan.rules.outliers, this.#ready);
  }

  /** It could take a request now. */
  get isUp(): boolean {
    return this.#ready.length > 0;
  }

  get targets(): readonly Target[] {
    return this.#targets;
  }

  /** The target for a request that was not yet at any of `tried`; undefined when there is none now. */
  pick(ask: Affinity, tried: readonly Target[], now: number): Target | undefined {
    const home = this.#home(ask, now);
    // A session goes where it lives even if that fails others; but not where nobody is.
    const empty = home?.down || (home?.out && home.avoided);
    if (home && !empty && !tried.includes(home)) return home;
    return this.#readyOne(ask, tried) ?? this.#asked(ask, tried);
  }

  #readyOne(ask: Affinity, tried: readonly Target[]): Target | undefined {
    const ready = tried.length === 0 ? this.#ready : this.#others(tried);
    if (ready.length === 1) return ready[0];
    if (this.plan.sticky === 'ip') return byKey(ready, ask.ip);
    this.#turn = (this.#turn + 1) % 1_000_000;
    return leastBusy(ready, ask.webSocket, this.#turn);
  }

  /** For a request that has failed already: not those that have yet to show that they are well. */
  #others(tried: readonly Target[]): readonly Target[] {
    const others = this.#ready.filter((target) => !tried.includes(target));
    const sure = others.filter((target) => target.circuit.phase === 'closed');
    return sure.length > 0 ? sure : others;
  }

  /** A session that nobody has told us of (this edge is younger than it) may live on a draining target too. */
  #asked(ask: Affinity, tried: readonly Target[]): Target | undefined {
    if (ask.session === '') return undefined;
    return this.#targets.find((target) => target.state === 'draining' && !tried.includes(target));
  }

  /** Where a client's session lives: there it goes until that target is gone. */
  #home(ask: Affinity, now: number): Target | undefined {
    if (ask.session !== '') return this.sessions.find(ask.session, now);
    if (ask.cookie === '') return undefined;
    const home = this.#targets.find((target) => target.token === ask.cookie);
    return home?.state === 'closing' ? undefined : home;
  }

  // How many at a time

  /** It has as many requests as it may have. */
  get full(): boolean {
    const { inFlight } = this.plan.rules;
    return inFlight !== null && this.#inFlight >= inFlight.max;
  }

  /** A request comes in; it counts until it leaves, however often it is sent. */
  enter(): void {
    this.#inFlight++;
  }

  leave(): void {
    this.#inFlight--;
    if (this.waiting.size > 0) this.waiting.admit(() => !this.full);
  }

  /** Time has passed. */
  tick(now: number): void {
    this.sessions.expire(now);
    this.retries.melt(now);
    this.ward.tick(now);
    // Those whose targets refused a connection: they may be back before the daemon says so.
    if (this.#ready.length > 0) this.waiting.wakeAll();
  }
}
