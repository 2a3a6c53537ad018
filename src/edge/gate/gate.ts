/** The one door to a site: who may enter, where the request goes, and how its answers look. Made once for each site of a table. */
import { randomUUID } from 'node:crypto';
import type { SiteContent } from '../../protocol/site-content.ts';
import { Trust } from '../forwarded.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { AnswerFields } from './answer-fields.ts';
import { KeptPage } from './kept-page.ts';
import { Passwords } from './passwords.ts';
import { follow, withQuery } from './rules.ts';

/** An answer that is given instead of passing the request on. */
export interface Saying {
  readonly status: number;
  readonly message: string;
  /** Field lines. */
  readonly extra: string;
  /** HTML (bytes as latin1) in place of the edge's own page. */
  readonly html?: string | undefined;
}

export function sayingOf({ status, reason }: Refusal): Saying {
  return { status, message: reason, extra: '' };
}

const FORBIDDEN = { status: 403, message: 'This site is not for your address', extra: '' };
const CLOSED = {
  status: 503,
  message: 'This site is being worked on. Please come back in a few minutes',
  extra: 'Retry-After: 120\r\n',
};
export const BUSY = {
  status: 503,
  message: 'Too many passwords are being looked at. Please try again',
  extra: 'Retry-After: 5\r\n',
};

export class Gate {
  readonly content: SiteContent;
  readonly fields: AnswerFields;
  readonly passwords: Passwords | undefined;
  readonly #allow: Trust | undefined;
  readonly #deny: Trust | undefined;
  readonly #insiders: Trust;
  readonly #closed: KeptPage | undefined;
  readonly #pages: ReadonlyMap<number, KeptPage>;

  constructor(content: SiteContent, now: () => number) {
    const { headers, auth, allow, deny, maintenance, errorPages } = content;
    this.content = content;
    this.fields = new AnswerFields(headers);
    this.passwords = auth ? new Passwords(auth) : undefined;
    this.#allow = allow.length > 0 ? new Trust(allow) : undefined;
    this.#deny = deny.length > 0 ? new Trust(deny) : undefined;
    this.#insiders = new Trust(maintenance?.allow ?? []);
    this.#closed = maintenance?.page ? new KeptPage(maintenance.page, now) : undefined;
    this.#pages = new Map(
      Object.entries(errorPages).map(([status, path]) => [Number(status), new KeptPage(path, now)] as const),
    );
  }

  /** Why a request is answered here and now; undefined: it may enter, if its password is right. */
  stops(head: RequestHead, ip: string): Saying | undefined {
    const { redirects, maintenance } = this.content;
    // A client without an address, on a unix socket, is on no list.
    if (ip !== '' && this.#deny?.includes(ip)) return FORBIDDEN;
    if (this.#allow && (ip === '' || !this.#allow.includes(ip))) return FORBIDDEN;
    const redirect = follow(redirects, head.path);
    if (redirect) {
      const where = withQuery(redirect.to, head.query);
      const { status } = redirect.rule;
      return { status, message: `What you look for is at ${where}`, extra: `Location: ${where}\r\n` };
    }
    if (maintenance && (ip === '' || !this.#insiders.includes(ip)))
      return { ...CLOSED, html: this.#closed?.text };
    return undefined;
  }

  /** What a browser asks its user for. */
  get question(): Saying {
    const realm = this.passwords?.realm ?? '';
    return {
      status: 401,
      message: 'A name and a password are needed here',
      extra: `WWW-Authenticate: Basic realm="${realm}", charset="UTF-8"\r\n`,
    };
  }

  /** The head with the path that the site gives it. */
  rewritten(head: RequestHead): RequestHead {
    const found = follow(this.content.rewrites, head.path);
    if (!found || head.target === '*') return head;
    const target = withQuery(found.to, head.query);
    const [path = '/'] = target.split('?', 1);
    return { ...head, path, target, query: target.slice(path.length) };
  }

  /** A page of the user's for an answer of the edge itself. */
  pageFor(status: number): string | undefined {
    return this.#pages.get(status)?.text;
  }
}

/** What a client may have called its request, if we believe it. */
const REQUEST_ID = /^[\w.:+/=@-]{1,128}$/;

export function requestIdOf(said: string | undefined): string {
  return said !== undefined && REQUEST_ID.test(said) ? said : randomUUID();
}
