/**
 * Sites at which no handshake comes to an end any more because of their certificate. Scanners, clients that speak another TLS and
 * connections that break are the clients' affair and count for nothing: a site that nobody else visits is in order.
 */
import type { Rejection } from '../../protocol/link.ts';

/** In a row: fewer may be one client that trusts nobody. */
const LEAST = 5;

/** Why a handshake failed, when the site is to be looked at: by the code of the error, which has OpenSSL's name of the reason. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/ALERT_UNKNOWN_CA$/, 'clients do not know the authority that signed its certificate'],
  [/ALERT_CERTIFICATE_EXPIRED$/, 'clients find that its certificate has expired'],
  [/ALERT_CERTIFICATE_REVOKED$/, 'clients find that its certificate was revoked'],
  [
    /ALERT_(?:BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNSUPPORTED_CERTIFICATE)/,
    'clients do not accept its certificate',
  ],
  [/NO_CERTIFICATE_SET$|_KEY_TOO_SMALL$|_MD_TOO_WEAK$/, 'its certificate cannot be used'],
  [/^ERR_SSL_INTERNAL_ERROR$/, 'TLS fails at this end'],
];

export class Rejections {
  /** By the host of the site. */
  readonly #inARow = new Map<string, { times: number; reason: string }>();

  succeeded(site: string): void {
    this.#inARow.delete(site);
  }

  failed(site: string, error: Error): void {
    const reason = reasonOf(error);
    if (reason !== undefined)
      this.#inARow.set(site, { times: (this.#inARow.get(site)?.times ?? 0) + 1, reason });
  }

  /** There are other certificates: it is seen anew how they do. */
  forget(): void {
    this.#inARow.clear();
  }

  get all(): Rejection[] {
    return [...this.#inARow].flatMap(([site, { times, reason }]) =>
      times < LEAST ? [] : [{ site, reason }],
    );
  }
}

function reasonOf(error: Error): string | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  return reasons.find(([pattern]) => pattern.test(code))?.[1];
}
