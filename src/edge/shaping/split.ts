/** Spreads the requests of one route over several pools: by weight, and each client back to where it was. */
import type { EdgeSplit } from '../../protocol/edge-table.ts';
import { Kind } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { cookieName, cookieValue, readCookie } from '../sticky.ts';

export class Split {
  readonly #parts: EdgeSplit['parts'];
  readonly #sticky: boolean;
  readonly #cookieName: string;
  readonly #cookiePath: string;
  readonly #tokens: readonly string[];
  /** What each part has not got yet of its share. */
  readonly #owed: number[];

  /**
   * @param name unique among splits: part of the name of the cookie
   * @param path under which clients find the route
   */
  constructor({ parts, sticky }: EdgeSplit, name: string, path: string) {
    this.#parts = parts;
    this.#sticky = sticky;
    this.#cookieName = cookieName(`split ${name}`);
    this.#cookiePath = cookiePath(path);
    this.#tokens = parts.map(({ pool }) => cookieValue(pool));
    this.#owed = parts.map(() => 0);
  }

  /** The part that the client of this request was at before; undefined: at none. */
  home({ fields }: RequestHead): number | undefined {
    const cookies = this.#sticky ? fields.first(Kind.cookie) : undefined;
    const value = cookies === undefined ? undefined : readCookie(cookies, this.#cookieName);
    const index = value === undefined ? -1 : this.#tokens.indexOf(value);
    return index < 0 ? undefined : index;
  }

  /**
   * The part whose turn it is, of those that are up. When none is: of all, as if they were, because they may come back while
   * the request waits.
   */
  next(isUp: (part: number) => boolean): number {
    return this.#turn((part) => isUp(part)) ?? this.#turn(() => true) ?? 0;
  }

  /** Smooth weighted round robin: after as many turns as the weights sum up to, each part has had exactly its weight. */
  #turn(fits: (part: number) => boolean): number | undefined {
    let best: number | undefined;
    let total = 0;
    for (const [part, { weight }] of this.#parts.entries()) {
      if (weight <= 0 || !fits(part)) continue;
      total += weight;
      const owed = (this.#owed[part] as number) + weight;
      this.#owed[part] = owed;
      if (best === undefined || owed > (this.#owed[best] as number)) best = part;
    }
    if (best !== undefined) this.#owed[best] = (this.#owed[best] as number) - total;
    return best;
  }

  /** The Set-Cookie line that brings a client back to this part; empty when clients are not brought back. */
  cookieLine(part: number, secure: boolean): string {
    if (!this.#sticky) return '';
    const value = `${this.#cookieName}=${this.#tokens[part]}`;
    const attributes = `Path=${this.#cookiePath}; HttpOnly; SameSite=Lax`;
    return `Set-Cookie: ${value}; ${attributes}${secure ? '; Secure' : ''}\r\n`;
  }
}

/** `/shop/` would not hold for `/shop` (RFC 6265 section 5.1.4); a `;` would end the attribute. */
function cookiePath(path: string): string {
  return path.includes(';') ? '/' : path.replace(/(?<=.)\/+$/, '');
}
