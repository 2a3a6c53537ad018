/** What the edges get for TLS, put together: certificates, authorities of clients, challenges, and ticket keys of our own. */
import { randomBytes } from 'node:crypto';
import type { EdgePlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import type { EdgeTls } from '../protocol/edge-table.ts';
import type { CertificateStore } from './certificates.ts';

/** A key that gets known opens the sessions of this time, and no others. */
const ROTATE_MS = 12 * 3600 * 1000;
/** Of OpenSSL: a name, and two keys. */
const TICKET_KEY_BYTES = 48;

export interface EdgeTlsOptions {
  readonly clock: Clock;
  readonly certificates: CertificateStore;
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
    options.certificates.onChange(() => this.#changed());
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
    const bare = ({ names, certPem, keyPem }: (typeof all)[number]) => ({ names, certPem, keyPem });
    this.#made = {
      listen,
      certificates: all.map(bare),
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
    this.#changed();
  }

  close(): void {
    this.#cancel();
  }

  #changed(): void {
    this.#made = null;
    this.#options.onChange();
  }
}

function newKeys(): string {
  return randomBytes(TICKET_KEY_BYTES).toString('base64');
}
