/** The targets of one app, and who of its requests goes where. */
import type { EdgePool } from '../protocol/edge-table.ts';
import type { Affinity } from './affinity.ts';
import { byKey, leastBusy } from './balancer.ts';
import { HoldQueue } from './hold.ts';
import { cookieName, Sessions } from './sticky.ts';
import type { Target } from './target.ts';

export class Pool {
  readonly name: string;
  readonly cookieName: string;
  readonly sessions = new Sessions();
  readonly waiting = new HoldQueue();
  /** As the table says. */
  plan: Pick<EdgePool, 'sticky' | 'hold'>;
  #targets: readonly Target[] = [];
  #ready: readonly Target[] = [];
  #turn = 0;

  constructor(name: string, plan: EdgePool) {
    this.name = name;
    this.plan = plan;
    this.cookieName = cookieName(name);
  }

  /** Follows the table. */
  follow(plan: EdgePool, targets: readonly Target[]): void {
    this.plan = plan;
    this.#targets = targets;
    this.refresh();
  }

  /** Looks anew which targets may get requests. */
  refresh(): void {
    this.#ready = this.#targets.filter(({ state, down }) => state === 'ready' && !down);
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
    if (home && !tried.includes(home)) return home;
    return this.#readyOne(ask, tried) ?? this.#asked(ask, tried);
  }

  #readyOne(ask: Affinity, tried: readonly Target[]): Target | undefined {
    const ready = tried.length === 0 ? this.#ready : this.#ready.filter((target) => !tried.includes(target));
    if (ready.length === 1) return ready[0];
    if (this.plan.sticky === 'ip') return byKey(ready, ask.ip);
    this.#turn = (this.#turn + 1) % 1_000_000;
    return leastBusy(ready, ask.webSocket, this.#turn);
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
}
