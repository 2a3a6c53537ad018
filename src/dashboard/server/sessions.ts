/** Who is logged in: known by the hash of what their cookie holds, and kept in a file, so that a new process knows them too. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import type { Clock } from '../../kit/clock.ts';
import type { DashboardRole } from '../../protocol/dashboard.ts';
import type { DashboardSettings } from '../../protocol/dashboard-settings.ts';

export const IDLE_MS = 12 * 3_600_000;
export const LONGEST_MS = 7 * 24 * 3_600_000;
/** When somebody was last there is written down this often. */
const NOTE_MS = 60_000;
const MOST = 1000;

export interface Session {
  /** Of its id. */
  readonly hash: string;
  readonly user: string;
  readonly role: DashboardRole;
  readonly createdAt: number;
  readonly usedAt: number;
  /** Of the password that it was opened with, so that it ends with that; null: by a link. */
  readonly password: string | null;
}

export type SessionRules = Pick<DashboardSettings, 'users' | 'sessionsFrom'>;

export class Sessions {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #rules: () => SessionRules;
  #all = new Map<string, Session>();

  constructor(file: string, clock: Clock, rules: () => SessionRules) {
    this.#file = file;
    this.#clock = clock;
    this.#rules = rules;
  }

  load(): void {
    try {
      const kept = JSON.parse(readFileSync(this.#file, 'utf8')) as Session[];
      this.#all = new Map(kept.map((session) => [session.hash, session]));
    } catch {
      // There is none, or it is damaged: everybody logs in again.
    }
  }

  /** @returns its id, which is nowhere else */
  begin(user: string, role: DashboardRole, kept: string | null): { id: string; session: Session } {
    const id = randomBytes(32).toString('base64url');
    const now = this.#clock.now();
    const password = kept === null ? null : hashOf(kept);
    const session = { hash: hashOf(id), user, role, createdAt: now, usedAt: now, password };
    this.#sweep();
    // The one that was not used for the longest time makes room.
    if (this.#all.size >= MOST) {
      const [oldest] = [...this.#all.values()].sort((a, b) => a.usedAt - b.usedAt);
      if (oldest) this.#all.delete(oldest.hash);
    }
    this.#all.set(session.hash, session);
    this.#save();
    return { id, session };
  }

  /** The session of this id, from now on used; null when there is none, or it has ended. */
  find(id: string): Session | null {
    if (!/^[\w-]{43}$/.test(id)) return null;
    const session = this.#all.get(hashOf(id));
    if (!session || !this.isGood(session)) return null;
    const now = this.#clock.now();
    if (now - session.usedAt < NOTE_MS) return session;
    const used = { ...session, usedAt: now };
    this.#all.set(used.hash, used);
    this.#save();
    return used;
  }

  /** Also of one that was found a while ago: what streams looks now and then. */
  isGood({ hash, user, role, createdAt, password }: Session): boolean {
    const known = this.#all.get(hash);
    const now = this.#clock.now();
    const { users, sessionsFrom } = this.#rules();
    if (!known || now >= known.usedAt + IDLE_MS || now >= createdAt + LONGEST_MS) return false;
    if (createdAt < sessionsFrom) return false;
    if (password === null) return true;
    const entry = Object.hasOwn(users, user) ? users[user] : undefined;
    return entry?.role === role && hashOf(entry.password) === password;
  }

  /** When it ends, if nobody uses it from now on; ms since the epoch. */
  endOf({ createdAt, usedAt }: Session): number {
    return Math.min(usedAt + IDLE_MS, createdAt + LONGEST_MS);
  }

  end({ hash }: Session): void {
    this.#all.delete(hash);
    this.#save();
  }

  #sweep(): void {
    for (const session of this.#all.values()) if (!this.isGood(session)) this.#all.delete(session.hash);
  }

  #save(): void {
    try {
      writeAtomicSync(this.#file, JSON.stringify([...this.#all.values()]), { sync: false });
    } catch {
      // The disk is full: they are in memory, as long as this process lives.
    }
  }
}

/** What a request that changes something must carry besides the cookie: known to the page, and to no other site. */
export function csrfOf(id: string): string {
  return createHash('sha256').update(`csrf ${id}`).digest('base64url');
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
