/** The targets of one app, and who of its requests goes where. */
import type { EdgePool } from '../protocol/edge-table.ts';
import { byKey, leastBusy } from './balancer.ts';
import { HoldQueue } from './hold.ts';
import { Kind } from './http1/fields.ts';
import type { RequestHead } from './http1/request-head.ts';
import { cookieName, engineSession, readCookie, Sessions } from './sticky.ts';
import type { Target } from './target.ts';

/** What a request asks of its pool. */
export interface Ask {
  readonly webSocket: boolean;
  /** Of Engine.IO by polling: the answer will tell the session's id. */
  readonly handshake: boolean;
  /** Of the client, after trust. */
  readonly ip: string;
  /** Engine.IO session id, or empty. */
  readonly session: string;
  /** Value of the pool's cookie, or empty. */
  readonly cookie: string;
}

export function askOf(head: RequestHead, ip: string, pool: Pool): Ask {
  const { query, webSocketKey, fields } = head;
  const { sticky } = pool.plan;
  const webSocket = webSocketKey !== '';
  const session = sticky === 'auto' && query !== '' ? engineSession(query) : undefined;
  let cookie = '';
  if (sticky === 'cookie') cookie = readCookie(fields.first(Kind.cookie) ?? '', pool.cookieName) ?? '';
  return { webSocket, handshake: session === '' && !webSocket, ip, session: session ?? '', cookie };
}

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
    this.#ready = targets.filter((target) => target.state === 'ready');
  }

  get targets(): readonly Target[] {
    return this.#targets;
  }

  /** The target for a request that was not yet at any of `tried`; undefined when there is none now. */
  pick(ask: Ask, tried: readonly Target[], now: number): Target | undefined {
    const home = this.#home(ask, now);
    if (home && !tried.includes(home)) return home;
    return this.#readyOne(ask, tried) ?? this.#asked(ask, tried);
  }

  #readyOne(ask: Ask, tried: readonly Target[]): Target | undefined {
    const ready = tried.length === 0 ? this.#ready : this.#ready.filter((target) => !tried.includes(target));
    if (ready.length === 1) return ready[0];
    if (this.plan.sticky === 'ip') return byKey(ready, ask.ip);
    this.#turn = (this.#turn + 1) % 1_000_000;
    return leastBusy(ready, ask.webSocket, this.#turn);
  }

  /** A session that nobody has told us of (this edge is younger than it) may live on a draining target too. */
  #asked(ask: Ask, tried: readonly Target[]): Target | undefined {
    if (ask.session === '') return undefined;
    return this.#targets.find((target) => target.state === 'draining' && !tried.includes(target));
  }

  /** Where a client's session lives: there it goes until that target is gone. */
  #home(ask: Ask, now: number): Target | undefined {
    if (ask.session !== '') return this.sessions.find(ask.session, now);
    if (ask.cookie === '') return undefined;
    const home = this.#targets.find((target) => target.token === ask.cookie);
    return home?.state === 'closing' ? undefined : home;
  }
}
