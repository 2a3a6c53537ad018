/** What the edges answer to a certificate authority that looks whether a name leads here. */
import type { Certificate, Challenges } from '../certificates.ts';
import { challengeCertificate } from './x509.ts';

export type ChallengeKind = 'http-01' | 'tls-alpn-01';

export interface Challenge {
  readonly kind: ChallengeKind;
  readonly name: string;
  readonly token: string;
  readonly keyAuthorization: string;
}

/** Resolves when all edges answer these. */
export type Publish = (challenges: Challenges) => Promise<void>;

/** The challenges of all open orders. */
export class ChallengeBoard {
  readonly #http = new Map<string, string>();
  readonly #alpn = new Map<string, Certificate>();
  readonly #publish: Publish;

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  /** @param now in ms since the epoch */
  async show(challenges: readonly Challenge[], now: number): Promise<void> {
    for (const { kind, name, token, keyAuthorization } of challenges) {
      if (kind === 'http-01') this.#http.set(token, keyAuthorization);
      else this.#alpn.set(token, challengeCertificate(name, keyAuthorization, now));
    }
    await this.#send();
  }

  async hide(challenges: readonly Challenge[]): Promise<void> {
    for (const { token } of challenges) {
      this.#http.delete(token);
      this.#alpn.delete(token);
    }
    await this.#send();
  }

  #send(): Promise<void> {
    return this.#publish({ http: Object.fromEntries(this.#http), alpn: [...this.#alpn.values()] });
  }
}
