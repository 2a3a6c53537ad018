/**
 * The certificates that the edges serve now, whoever found them: those of files (`tls-files.ts`), those that were
 * got by themselves. Memory only: keys never go into desired state, logs or exports; the edges get them over the link.
 */

/** What a handshake for some names is answered with. */
export interface Certificate {
  /** The hosts of the sites that it is for, as sites are named: `example.com`, `*.example.com` or `*`. */
  readonly names: readonly string[];
  /** The certificate, and those between it and the root. */
  readonly certPem: string;
  readonly keyPem: string;
  /** In ms since the epoch. */
  readonly notAfter: number;
}

/** What is not as it should be with the certificate of a site, in words for people. */
export interface CertificateTrouble {
  readonly site: string;
  readonly text: string;
}

/** How a certificate authority is shown that a name is ours (RFC 8555 section 8). */
export interface Challenges {
  /** HTTP-01: token -> key authorization, answered below /.well-known/acme-challenge/ of every host. */
  readonly http: Readonly<Record<string, string>>;
  /** TLS-ALPN-01 (RFC 8737): served only for their names to clients whose only ALPN protocol is `acme-tls/1`. */
  readonly alpn: readonly Certificate[];
}

export const noChallenges: Challenges = { http: {}, alpn: [] };

export class CertificateStore {
  readonly #sources = new Map<string, readonly Certificate[]>();
  readonly #challenges = new Map<string, Challenges>();
  readonly #listeners = new Set<() => void>();

  /** Replaces everything that came from this source, such as `files` or `acme`. Edges swap it in at once. */
  set(source: string, certificates: readonly Certificate[]): void {
    this.#sources.set(source, certificates);
    this.#changed();
  }

  /** Replaces the challenges of this source. `Routing.settled` tells when all edges answer them. */
  setChallenges(source: string, challenges: Challenges): void {
    this.#challenges.set(source, challenges);
    this.#changed();
  }

  get all(): readonly Certificate[] {
    return [...this.#sources.values()].flat();
  }

  get challenges(): Challenges {
    const all = [...this.#challenges.values()];
    return {
      http: Object.assign({}, ...all.map(({ http }) => http)) as Challenges['http'],
      alpn: all.flatMap(({ alpn }) => alpn),
    };
  }

  /** `listener` runs after every change; the returned function ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
