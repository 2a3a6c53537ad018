/** What sites with TLS ask of requests, beside certificates: https, the right connection, a client that is known. */
import type { EdgeSite, EdgeSiteTls, EdgeTls } from '../../protocol/edge-table.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { Secured } from './secured.ts';

/** An answer of the edge itself. */
export interface PolicyAnswer {
  readonly status: number;
  readonly message: string;
  /** Field lines. */
  readonly extra: string;
}

const CHALLENGE_PATH = '/.well-known/acme-challenge/';
const MISDIRECTED = {
  status: 421,
  message: 'This connection is for another site: its certificates are of no value here',
  extra: '',
};
const NO_CERTIFICATE = {
  status: 403,
  message: 'This site is only for clients that show a certificate of theirs which it knows',
  extra: '',
};

export class TlsPolicy {
  readonly #sites = new Map<string, EdgeSiteTls>();
  readonly #hsts = new Map<string, string>();
  /** Of URLs; empty for 443. */
  readonly #port: string;
  readonly #challenges: ReadonlyMap<string, string>;

  constructor(sites: readonly EdgeSite[], tls: EdgeTls | undefined) {
    for (const { host, tls } of sites) {
      if (!tls) continue;
      this.#sites.set(host, tls);
      if (tls.hstsSeconds !== null) {
        this.#hsts.set(host, `Strict-Transport-Security: max-age=${tls.hstsSeconds}\r\n`);
      }
    }
    const { port } = tls?.listen ?? { port: 443 };
    this.#port = port === 443 ? '' : `:${port}`;
    this.#challenges = new Map(Object.entries(tls?.challenges.http ?? {}));
  }

  /** There is nothing that it could say of any request. */
  get empty(): boolean {
    return this.#sites.size === 0 && this.#challenges.size === 0;
  }

  /** What an ACME server is answered that looks whether this host is ours (RFC 8555 section 8.3). */
  challenge({ path }: RequestHead): string | undefined {
    if (this.#challenges.size === 0 || !path.startsWith(CHALLENGE_PATH)) return undefined;
    return this.#challenges.get(path.slice(CHALLENGE_PATH.length));
  }

  /**
   * Why a request does not get to its site.
   *
   * @param site its host in the table
   * @param scheme how the client came, be it to a proxy in front that is trusted
   * @param secured of the connection; undefined when it came without TLS
   */
  objection(
    head: RequestHead,
    site: string,
    scheme: string,
    secured: Secured | undefined,
  ): PolicyAnswer | undefined {
    // What clients were verified for is this one site.
    if (secured?.asks && secured.site !== site) return MISDIRECTED;
    const tls = this.#sites.get(site);
    if (!tls) return undefined;
    if (scheme !== 'https' && tls.redirect) return this.#redirect(head);
    if (tls.clients === null) return undefined;
    if (secured && secured.site !== site) return MISDIRECTED;
    return tls.clients === 'required' && !secured?.verified ? NO_CERTIFICATE : undefined;
  }

  /** Field lines for answers of a site. */
  fields(site: string, scheme: string): string {
    return scheme === 'https' ? (this.#hsts.get(site) ?? '') : '';
  }

  #redirect({ host, target }: RequestHead): PolicyAnswer {
    // HTTP/1.0.
    if (host === '') return { status: 400, message: 'This site is served with https', extra: '' };
    const name = host.replace(/:\d*$/, '');
    const where = `https://${name}${this.#port}${target === '*' ? '/' : target}`;
    return { status: 308, message: 'This site is served with https', extra: `Location: ${where}\r\n` };
  }
}
