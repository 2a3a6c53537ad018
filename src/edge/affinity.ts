/** Which instance knows the client of one request: what the request says about that, and what its answer teaches. */
import { Kind } from './http1/fields.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { Pool } from './pool.ts';
import { engineSession, HandshakeLook, readCookie, setCookie } from './sticky.ts';
import type { Target } from './target.ts';

export class Affinity {
  readonly webSocket: boolean;
  /** Of the client, after trust. */
  readonly ip: string;
  /** Engine.IO session id, or empty. */
  readonly session: string;
  /** Value of the pool's cookie, or empty. */
  readonly cookie: string;
  readonly #pool: Pool;
  /** Looks at the answer to a handshake of Engine.IO by polling. */
  #look: HandshakeLook | undefined;

  constructor(head: RequestHead, ip: string, pool: Pool) {
    const { sticky } = pool.plan;
    this.#pool = pool;
    this.ip = ip;
    this.webSocket = head.webSocketKey !== '';
    const session = sticky === 'auto' && head.query !== '' ? engineSession(head.query) : undefined;
    this.session = session ?? '';
    if (session === '' && !this.webSocket) this.#look = new HandshakeLook();
    const cookies = sticky === 'cookie' ? head.fields.first(Kind.cookie) : undefined;
    this.cookie = cookies === undefined ? '' : (readCookie(cookies, pool.cookieName) ?? '');
  }

  /** The answer will be read, so it must not be compressed. */
  get reads(): boolean {
    return this.#look !== undefined;
  }

  /** Reads the id of a new Engine.IO session in the beginning of an answer. */
  read(target: Target, buffer: Buffer, from: number, to: number, now: number): void {
    if (!this.#look) return;
    const sid = this.#look.at(buffer, from, to);
    if (sid !== undefined) this.#pool.sessions.learn(sid, target, now);
    if (this.#look.over) this.#look = undefined;
  }

  /** The target has served the session: if that was not known (it was found by asking around), it is now. */
  confirm(target: Target, now: number): void {
    if (this.session === '') return;
    const { sessions } = this.#pool;
    if (sessions.find(this.session, now) !== target) sessions.learn(this.session, target, now);
  }

  /**
   * Whether an answer of this status means that the session, if there is one, lives on another instance: this edge is
   * younger than the session, or one of several, and has to ask around.
   */
  isElsewhere(status: number, target: Target, tried: readonly Target[], now: number): boolean {
    if (this.session === '' || status !== 400) return false;
    if (this.#pool.sessions.find(this.session, now) === target) return false;
    return this.#pool.pick(this, [...tried, target], now) !== undefined;
  }

  /** The Set-Cookie line for the client of this target, if it needs one. */
  cookieLine(target: Target, secure: boolean): string {
    if (this.#pool.plan.sticky !== 'cookie' || this.cookie === target.token) return '';
    return setCookie(this.#pool.cookieName, target.token, secure);
  }
}
