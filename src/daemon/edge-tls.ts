/** What the edges get for TLS, put together: certificates, authorities of clients, challenges, and ticket keys of our own. */
import { randomBytes } from 'node:crypto';
import type { EdgePlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import type { EdgeCertificate, EdgeTls } from '../protocol/edge-table.ts';
import type { Certificate, CertificateStore } from './certificates.ts';
import type { Staple } from './ocsp/staples.ts';

/** A key that gets known opens the sessions of this time, and no others. */
const ROTATE_MS = 12 * 3600 * 1000;
/** Of OpenSSL: a name, and two keys. */
const TICKET_KEY_BYTES = 48;

export interface EdgeTlsOptions {
  readonly clock: Clock;
  readonly certificates: CertificateStore;
  /** What its authority says of a certificate. */
  staple(certPem: string): Staple | undefined;
  onChange(): void;
}

export class EdgeTlsSource {
  readonly #options: EdgeTlsOptions;
  /** In memory only: after a restart of the daemon clients make new sessions. */
  #ticketKeys = newKeys();
  #authorities: Readonly<Record<string, string>> = {};
  #made: EdgeTls | null = null;
  #cancel: () => void;

  constructor(options: EdgeTlsOptions) {
    this.#options = options;
    options.certificates.onChange(() => this.refresh());
    this.#cancel = options.clock.after(ROTATE_MS, () => this.rotate());
  }

  /** What the certificates of clients are signed by, by the host of a site. In force with the next change of certificates. */
  setAuthorities(authorities: Readonly<Record<string, string>>): void {
    this.#authorities = authorities;
  }

  /** The same object as long as nothing has changed. */
  get({ https: listen }: EdgePlan): EdgeTls {
    const made = this.#made;
    if (made && made.listen.host === listen.host && made.listen.port === listen.port) return made;
    const { all, challenges } = this.#options.certificates;
    this.#made = {
      listen,
      certificates: all.map((certificate) => this.#stapled(certificate)),
      clientAuthorities: this.#authorities,
      ticketKeys: this.#ticketKeys,
      challenges: { http: challenges.http, alpn: challenges.alpn.map(bare) },
    };
    return this.#made;
  }

  rotate(): void {
    this.#ticketKeys = newKeys();
    this.#cancel();
    this.#cancel = this.#options.clock.after(ROTATE_MS, () => this.rotate());
    this.refresh();
  }

  close(): void {
    this.#cancel();
  }

  /** Something of it is another. */
  refresh(): void {
    this.#made = null;
    this.#options.onChange();
  }

  #stapled(certificate: Certificate): EdgeCertificate {
    const ocsp = this.#options.staple(certificate.certPem);
    return { ...bare(certificate), ...(ocsp && { ocsp }) };
  }
}

function bare({ names, certPem, keyPem }: Certificate): EdgeCertificate {
  return { names, certPem, keyPem };
}

function newKeys(): string {
  return randomBytes(TICKET_KEY_BYTES).toString('base64');
}
