/**
 * Names and passwords. Who guesses is slowed down by where he guesses from; by what he guesses only where nobody has ever logged in
 * from: so he cannot lock out the one whose name it is.
 */

import type { Clock } from '../../kit/clock.ts';
import { isPassword } from '../../kit/password.ts';
import type { DashboardUser } from '../../protocol/dashboard-settings.ts';

const WINDOW_MS = 10 * 60_000;
const PER_ADDRESS = 20;
const PER_USER_AND_ADDRESS = 8;
/** Over all addresses that are strange to him. */
const PER_USER = 100;
/** Each look takes 16 MB and a thread for a while. */
const AT_ONCE = 2;
const WAITING = 16;
const MOST_KEYS = 10_000;
/** Looked at for names that are not there, so that they take as long; of nothing that anybody knows. */
const NOBODY = `scrypt:16384:8:5:${'A'.repeat(22)}:${'A'.repeat(43)}`;

export type LoginOutcome =
  | { readonly user: string; readonly entry: DashboardUser }
  | 'wrong'
  | { readonly retryAfterS: number };

export class Logins {
  readonly #clock: Clock;
  readonly #users: () => Readonly<Record<string, DashboardUser>>;
  readonly #failures = new Map<string, { count: number; since: number }>();
  /** `user address` of those who have logged in. */
  readonly #known = new Set<string>();
  readonly #queue: (() => void)[] = [];
  #looking = 0;

  constructor(clock: Clock, users: () => Readonly<Record<string, DashboardUser>>) {
    this.#clock = clock;
    this.#users = users;
  }

  async try(user: string, password: string, address: string): Promise<LoginOutcome> {
    const from = networkOf(address);
    const pair = JSON.stringify([user, from]);
    const limits = [
      { key: `address ${from}`, most: PER_ADDRESS },
      { key: `pair ${pair}`, most: PER_USER_AND_ADDRESS },
      ...(this.#known.has(pair) ? [] : [{ key: `user ${user}`, most: PER_USER }]),
    ];
    const wait = Math.max(...limits.map(({ key, most }) => this.#waitFor(key, most)));
    if (wait > 0) return { retryAfterS: Math.ceil(wait / 1000) };
    if (this.#queue.length >= WAITING) return { retryAfterS: 5 };
    // Counted before it is known: those who guess many at once are to be counted as well.
    for (const { key } of limits) this.#count(key, 1);
    const users = this.#users();
    const entry = Object.hasOwn(users, user) ? users[user] : undefined;
    const right = await this.#look(() => isPassword(password, entry?.password ?? NOBODY));
    if (!right || !entry) return 'wrong';
    for (const { key } of limits) this.#count(key, -1);
    if (this.#known.size >= MOST_KEYS) this.#known.clear();
    this.#known.add(pair);
    return { user, entry };
  }

  async #look(check: () => Promise<boolean>): Promise<boolean> {
    if (this.#looking >= AT_ONCE) await new Promise<void>((go) => this.#queue.push(go));
    this.#looking += 1;
    try {
      return await check();
    } finally {
      this.#looking -= 1;
      this.#queue.shift()?.();
    }
  }

  #waitFor(key: string, most: number): number {
    const found = this.#failures.get(key);
    if (!found || found.count < most) return 0;
    return Math.max(0, found.since + WINDOW_MS - this.#clock.now());
  }

  #count(key: string, by: number): void {
    const now = this.#clock.now();
    const old = this.#failures.get(key);
    const fresh = !old || now - old.since >= WINDOW_MS;
    this.#failures.set(
      key,
      fresh ? { count: Math.max(0, by), since: now } : { ...old, count: old.count + by },
    );
    if (this.#failures.size <= MOST_KEYS) return;
    for (const [other, { since }] of this.#failures)
      if (now - since >= WINDOW_MS || this.#failures.size > MOST_KEYS) this.#failures.delete(other);
  }
}

/** Who has IPv6 has a whole network of addresses. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return plain.includes(':') ? plain.split(':').slice(0, 4).join(':') : plain;
}
