/** Who answers a handshake: one `tls.Server` that never listens for each site, found by the name that a client asks for. */
import { createHash } from 'node:crypto';
import type net from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import type { EdgeCertificate, EdgeTls } from '../../protocol/edge-table.ts';
import { siteName } from '../http1/host.ts';

/** With forward secrecy and authenticated encryption only: what all browsers since 2016 speak. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
/** The sweeper ends what takes too long; this one must not be first. */
const NEVER_MS = 2 ** 31 - 1;
const ACME_PROTOCOL = 'acme-tls/1';
/** In the order in which we would rather speak them. */
const PROTOCOLS = ['h2', 'http/1.1'];
const NO_PROTOCOLS: readonly string[] = [];
/** How long a client may come back with the ticket of a session. */
const SESSION_S = 12 * 3600;

export interface TlsSiteUser {
  /** The handshake of a connection that was given to `TlsSite.greet` is done. */
  secured(socket: TLSSocket, site: TlsSite): void;
  /** It was no success; the connection ends by itself. */
  refused(socket: TLSSocket, site: TlsSite, error: Error): void;
}

export class TlsSite {
  /** The host of the site, as in the table. */
  readonly host: string;
  /** It was asked for a certificate, so that its requests are for this site only. */
  readonly asks: boolean;
  /** What it was made of: another one is needed when this is another. */
  readonly digest: string;
  readonly #server: tls.Server;

  /** @throws what OpenSSL has against the certificate */
  constructor(host: string, certificate: EdgeCertificate, setup: Setup, digest: string, user: TlsSiteUser) {
    const { certPem, keyPem } = certificate;
    this.host = host;
    this.asks = setup.authorities !== undefined;
    this.digest = digest;
    this.#server = tls.createServer({
      cert: certPem,
      key: keyPem,
      // With anything here, the list of all public authorities is not loaded, which is for clients.
      ca: setup.authorities ?? certPem,
      requestCert: this.asks,
      // One without a certificate is told so in words, see policy.ts.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ciphers: CIPHERS,
      honorCipherOrder: false,
      ALPNProtocols: [...setup.protocols],
      sessionTimeout: SESSION_S,
      // A session of one site is none of another, nor one with clients that were verified otherwise.
      sessionIdContext: createHash('sha256')
        .update(`${host} ${setup.authorities}`)
        .digest('hex')
        .slice(0, 32),
      handshakeTimeout: NEVER_MS,
      allowHalfOpen: true,
    } as tls.TlsOptions);
    this.#server.on('secureConnection', (socket) => user.secured(socket, this));
    this.#server.on('tlsClientError', (error, socket) => user.refused(socket, this, error));
  }

  /** From now on tickets are written, and read, with these keys only. */
  useTickets(keys: Buffer): void {
    this.#server.setTicketKeys(keys);
  }

  /** What clients are shown with the certificate, when they ask for that (RFC 6066 section 8). */
  staple(ocsp: EdgeCertificate['ocsp']): void {
    this.#server.removeAllListeners('OCSPRequest');
    if (!ocsp) return;
    const response = Buffer.from(ocsp.response, 'base64');
    this.#server.on('OCSPRequest', (_certificate, _issuer, done) => {
      // Node's types do not know that there may be none.
      done(null, (Date.now() < ocsp.until ? response : null) as Buffer);
    });
  }

  /** Takes a connection over whose greeting has been put back. */
  greet(socket: net.Socket): void {
    this.#server.emit('connection', socket);
  }
}

interface Setup {
  readonly authorities: string | undefined;
  readonly protocols: readonly string[];
}

export class TlsSites {
  readonly #user: TlsSiteUser;
  readonly #complain: (error: unknown) => void;
  #sites = new Map<string, TlsSite>();
  #challenges = new Map<string, TlsSite>();
  /** By the host of a site. */
  #certificates = new Map<string, string>();

  /** @param complain hears of certificates that cannot be used */
  constructor(user: TlsSiteUser, complain: (error: unknown) => void) {
    this.#user = user;
    this.#complain = complain;
  }

  /** Puts all of it in force at once; connections go on with what they have. */
  apply({ certificates, clientAuthorities, ticketKeys, challenges }: EdgeTls, http2: boolean): void {
    const protocols = http2 ? PROTOCOLS : PROTOCOLS.slice(1);
    this.#certificates = new Map(
      certificates.flatMap(({ names, certPem }) => names.map((name) => [name, certPem] as const)),
    );
    const keys = Buffer.from(ticketKeys, 'base64');
    this.#sites = this.#made(this.#sites, certificates, (host) => ({
      authorities: clientAuthorities[host],
      protocols,
    }));
    this.#challenges = this.#made(this.#challenges, challenges.alpn, () => ({
      authorities: undefined,
      protocols: [ACME_PROTOCOL],
    }));
    for (const site of this.#sites.values()) site.useTickets(keys);
  }

  /**
   * Who answers for a name: its own site, else the longest wildcard above it, else `*`. Clients that name nobody meet the site
   * of the address that they have come to, or `*`.
   */
  find(
    serverName: string | undefined,
    localAddress: string,
    protocols: readonly string[],
  ): TlsSite | undefined {
    if (protocols.length === 1 && protocols[0] === ACME_PROTOCOL)
      return this.#challenges.get(serverName ?? '');
    const address = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
    const name = serverName ?? address;
    const exact = this.#sites.get(name);
    if (exact) return exact;
    if (serverName !== undefined) {
      for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        const wildcard = this.#sites.get(`*${name.slice(dot)}`);
        if (wildcard) return wildcard;
      }
    }
    return this.#sites.get('*');
  }

  /**
   * Whether who was shown the certificate of a site may ask for this host, too: browsers use a connection for every name in its
   * certificate (RFC 9113 section 9.1.1). Hosts that have none are for others to judge.
   *
   * @param host as a client wrote it
   */
  covers(site: string, host: string): boolean {
    if (site === host) return true;
    const other = this.find(siteName(host), '', NO_PROTOCOLS);
    if (!other || other.host === site) return true;
    return this.#certificates.get(other.host) === this.#certificates.get(site);
  }

  /** The sites of these certificates: those that are the same already, and new ones. */
  #made(
    before: ReadonlyMap<string, TlsSite>,
    certificates: readonly EdgeCertificate[],
    setupOf: (host: string) => Setup,
  ): Map<string, TlsSite> {
    const sites = new Map<string, TlsSite>();
    for (const certificate of certificates) {
      for (const host of certificate.names) {
        if (sites.has(host)) continue;
        const known = before.get(host);
        const site = this.#site(host, certificate, setupOf(host), known);
        if (site) sites.set(host, site);
      }
    }
    return sites;
  }

  #site(
    host: string,
    certificate: EdgeCertificate,
    setup: Setup,
    known: TlsSite | undefined,
  ): TlsSite | undefined {
    const digest = digestOf(certificate, setup);
    try {
      const isSame = known?.digest === digest;
      const site = isSame ? known : new TlsSite(host, certificate, setup, digest, this.#user);
      site.staple(certificate.ocsp);
      return site;
    } catch (error) {
      this.#complain(error);
      return known;
    }
  }
}

function digestOf({ certPem, keyPem }: EdgeCertificate, { authorities, protocols }: Setup): string {
  const parts = JSON.stringify([certPem, keyPem, authorities, protocols]);
  return createHash('sha256').update(parts).digest('base64');
}
