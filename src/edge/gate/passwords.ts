/** Names and passwords that a site asks for (Basic, RFC 7617). A right one is remembered, because each request brings it again. */
import { createHmac, randomBytes } from 'node:crypto';
import { isPassword } from '../../kit/password.ts';
import type { SiteAuth } from '../../protocol/site-content.ts';

/** Each look costs memory and a thread. */
const LOOKS_MAX = 2;
/** More wait than this: somebody is guessing. */
const WAITING_MAX = 64;
const REMEMBERED_MAX = 1_000;

export class Passwords {
  readonly #auth: SiteAuth;
  /** Marks of credentials that were right; passwords themselves are not kept. */
  readonly #right = new Set<string>();
  readonly #salt = randomBytes(32);
  readonly #queue: (() => void)[] = [];
  readonly #running = new Map<string, Promise<boolean>>();
  #looks = 0;

  constructor(auth: SiteAuth) {
    this.#auth = auth;
  }

  get realm(): string {
    return this.#auth.realm;
  }

  /** At once when there is nothing to compute. 'busy': too many look at the same time. */
  check(authorization: string | undefined): boolean | 'busy' | Promise<boolean> {
    const [, encoded] = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization ?? '') ?? [];
    if (encoded === undefined) return false;
    const mark = createHmac('sha256', this.#salt).update(encoded).digest('base64');
    if (this.#right.has(mark)) return true;
    const running = this.#running.get(mark);
    if (running) return running;
    if (this.#queue.length >= WAITING_MAX) return 'busy';
    const look = this.#look(Buffer.from(encoded, 'base64').toString('utf8'))
      .then((right) => {
        if (right) this.#remember(mark);
        return right;
      })
      .finally(() => this.#running.delete(mark));
    this.#running.set(mark, look);
    return look;
  }

  async #look(credentials: string): Promise<boolean> {
    const colon = credentials.indexOf(':');
    if (colon < 0) return false;
    const { users } = this.#auth;
    const name = credentials.slice(0, colon);
    const known = Object.hasOwn(users, name);
    // An unknown name takes as long as a wrong password.
    const kept = (known ? users[name] : Object.values(users)[0]) ?? '';
    if (this.#looks >= LOOKS_MAX) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#looks++;
    try {
      return (await isPassword(credentials.slice(colon + 1), kept)) && known;
    } finally {
      this.#looks--;
      this.#queue.shift()?.();
    }
  }

  #remember(mark: string): void {
    if (this.#right.size >= REMEMBERED_MAX) this.#right.clear();
    this.#right.add(mark);
  }
}
