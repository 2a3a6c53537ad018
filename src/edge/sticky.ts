/** Keeping a client on the instance that knows it. */
import { createHash } from 'node:crypto';
import type { Target } from './target.ts';

/** What a query says about Engine.IO: undefined = it is not its request, '' = a handshake, else the session's id. */
export function engineSession(query: string): string | undefined {
  if (!query.includes('EIO=') || !/[?&]EIO=[0-9]/.test(query)) return undefined;
  return /[?&]sid=([^&]{1,128})/.exec(query)?.[1] ?? '';
}

/** Finds the id in what a polling handshake answers: `0{"sid":"..."`, and that within the framings of EIO 3 and JSONP. */
export function sessionInAnswer(text: string): string | undefined {
  return /0\{\\?"sid\\?":\\?"([\w-]{1,128})\\?"/.exec(text)?.[1];
}

/** How much of a handshake's answer is looked at. */
const LOOK_BYTES = 512;

/** Looks for the id in an answer that comes in pieces. */
export class HandshakeLook {
  /** It was found, or is not there. */
  over = false;
  #text = '';

  at(buffer: Buffer, from: number, to: number): string | undefined {
    this.#text += buffer.toString('latin1', from, Math.min(to, from + LOOK_BYTES));
    const sid = sessionInAnswer(this.#text);
    this.over = sid !== undefined || this.#text.length >= LOOK_BYTES;
    return sid;
  }
}

const SESSIONS_MAX = 100_000;
/** Much longer than any pause between two polls (pingInterval + pingTimeout is 45 s by default). */
const SESSION_IDLE_MS = 3 * 60_000;

/** Which target made which Engine.IO session. Bounded, and forgets what is not used. */
export class Sessions {
  /** The longest unused first. */
  readonly #sessions = new Map<string, { readonly target: Target; usedAt: number }>();

  learn(sid: string, target: Target, now: number): void {
    this.#forget(sid);
    if (this.#sessions.size >= SESSIONS_MAX) this.#forgetOldest();
    // A copy, because a slice keeps what it was cut from in memory.
    this.#sessions.set(Buffer.from(sid, 'latin1').toString('latin1'), { target, usedAt: now });
    target.sessions++;
  }

  find(sid: string, now: number): Target | undefined {
    const session = this.#sessions.get(sid);
    if (!session) return undefined;
    if (session.target.state === 'closing' || session.target.state === 'gone') {
      this.#forget(sid);
      return undefined;
    }
    session.usedAt = now;
    this.#sessions.delete(sid);
    this.#sessions.set(sid, session);
    return session.target;
  }

  expire(now: number): void {
    for (const [sid, session] of this.#sessions) {
      if (now - session.usedAt < SESSION_IDLE_MS) return;
      this.#forget(sid);
    }
  }

  #forget(sid: string): void {
    const session = this.#sessions.get(sid);
    if (!session) return;
    session.target.sessions--;
    this.#sessions.delete(sid);
  }

  #forgetOldest(): void {
    for (const sid of this.#sessions.keys()) {
      this.#forget(sid);
      return;
    }
  }
}

/** The name of the cookie that keeps clients of a pool on their target; pools may share a host. */
export function cookieName(pool: string): string {
  return `holdfast-${digest(pool).slice(0, 8)}`;
}

/** The value that stands for a target. Says nothing to the client, and needs no memory in the edge. */
export function cookieValue(targetId: string): string {
  return digest(targetId).slice(0, 22);
}

export function setCookie(name: string, value: string, secure: boolean): string {
  return `Set-Cookie: ${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}\r\n`;
}

/** The value of a cookie in a Cookie field (RFC 6265 section 4.2.1). */
export function readCookie(field: string, name: string): string | undefined {
  for (const part of field.split(';')) {
    const pair = part.trim();
    if (pair.startsWith(name) && pair[name.length] === '=') return pair.slice(name.length + 1);
  }
  return undefined;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
