/** The conversation with an ACME server (RFC 8555): its directory, nonces, signed requests and the account. */
import type { KeyObject } from 'node:crypto';
import type { AcmeAnswer, Http } from './http.ts';
import { bindAccount, publicJwk, signJws, thumbprint } from './jws.ts';
import { AcmeProblem, problemIn } from './problem.ts';

export interface AcmeClientOptions {
  readonly http: Http;
  /** URL of the directory. */
  readonly directory: string;
  readonly key: KeyObject;
  /** Ends every request. */
  readonly signal: AbortSignal;
  now(): number;
}

export interface AccountWishes {
  readonly email: string | null;
  /** External account binding: `hmac` is base64url. */
  readonly eab: { readonly keyId: string; readonly hmac: string } | null;
}

export interface Reply<T> {
  readonly body: T;
  /** Of what was made. */
  readonly location: string | null;
  readonly answer: AcmeAnswer;
}

interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly renewalInfo: string | null;
  readonly needsBinding: boolean;
}

/** Servers throw nonces away when they like. */
const NONCE_TRIES = 6;

export class AcmeClient {
  readonly #options: AcmeClientOptions;
  #directory: Directory | null = null;
  #nonce: string | null = null;
  #account: string | null = null;

  constructor(options: AcmeClientOptions) {
    this.#options = options;
  }

  /** What proves control of a name: the token, and who asks. RFC 8555 8.1. */
  keyAuthorization(token: string): string {
    return `${token}.${thumbprint(publicJwk(this.#options.key))}`;
  }

  async directory(): Promise<Directory> {
    this.#directory ??= readDirectory(await this.#get(this.#options.directory));
    return this.#directory;
  }

  /** Finds the account of our key, or makes it: agrees to the terms of service. Contacts are brought up to date. */
  async useAccount({ email, eab }: AccountWishes): Promise<void> {
    const { newAccount, needsBinding } = await this.directory();
    if (needsBinding && eab === null) {
      throw new AcmeProblem(
        'externalAccountRequired',
        'the certificate authority wants to know its customer: set acme.eab to what it gave you',
      );
    }
    const contact = email === null ? [] : [`mailto:${email}`];
    const bound = eab && {
      externalAccountBinding: bindAccount(publicJwk(this.#options.key), eab.keyId, eab.hmac, newAccount),
    };
    const wish = { termsOfServiceAgreed: true, contact, ...bound };
    const { location, body, answer } = await this.post<{ contact?: unknown }>(newAccount, wish);
    if (location === null)
      throw new AcmeProblem('', 'the certificate authority does not say where the account is');
    this.#account = location;
    const isOld = answer.status === 200;
    const known = Array.isArray(body.contact) ? body.contact : [];
    if (isOld && known.join() !== contact.join()) await this.post(location, { contact });
  }

  /** @param payload null: fetch it, as a POST-as-GET */
  async post<T>(url: string, payload: unknown): Promise<Reply<T>> {
    const answer = await this.#send(url, payload);
    const isJson = /^application\/json/i.test(answer.headers['content-type'] ?? '');
    const body = (isJson ? readJson(answer.text, url) : {}) as T;
    return { body, location: answer.headers.location ?? null, answer };
  }

  async #send(url: string, payload: unknown): Promise<AcmeAnswer> {
    const { key, http, signal, now } = this.#options;
    for (let tries = 1; ; tries++) {
      const nonce = this.#nonce ?? (await this.#newNonce());
      const who = this.#account === null ? { jwk: publicJwk(key) } : { kid: this.#account };
      const body = signJws(key, { ...who, nonce, url }, payload);
      const answer = await http({ method: 'POST', url, body }, signal);
      this.#nonce = nonceOf(answer);
      if (answer.status < 400) return answer;
      const problem = problemIn(answer, now());
      if (problem.type !== 'badNonce' || tries === NONCE_TRIES) throw problem;
    }
  }

  async #newNonce(): Promise<string> {
    const { newNonce } = await this.directory();
    const { http, signal, now } = this.#options;
    const answer = await http({ method: 'HEAD', url: newNonce, body: null }, signal);
    const nonce = nonceOf(answer);
    if (answer.status >= 400 || nonce === null) throw problemIn(answer, now());
    return nonce;
  }

  /** For what needs no signature. */
  async #get(url: string): Promise<unknown> {
    return (await this.fetch(url)).body;
  }

  /** A plain GET, as for the directory and for renewal information. */
  async fetch(url: string): Promise<Reply<unknown>> {
    const { http, signal, now } = this.#options;
    const answer = await http({ method: 'GET', url, body: null }, signal);
    if (answer.status >= 300) throw problemIn(answer, now());
    return { body: readJson(answer.text, url), location: null, answer };
  }
}

function nonceOf({ headers }: AcmeAnswer): string | null {
  const nonce = headers['replay-nonce'];
  return typeof nonce === 'string' && /^[\w-]+$/.test(nonce) ? nonce : null;
}

function readDirectory(value: unknown): Directory {
  const found = (value ?? {}) as Record<string, unknown>;
  const urlOf = (name: string) => {
    const url = found[name];
    return typeof url === 'string' && URL.canParse(url) ? url : null;
  };
  const [newNonce, newAccount, newOrder] = ['newNonce', 'newAccount', 'newOrder'].map(urlOf);
  if (!newNonce || !newAccount || !newOrder)
    throw new AcmeProblem('', 'acme.directory is not the directory of an ACME server');
  const { externalAccountRequired } = (found.meta ?? {}) as Record<string, unknown>;
  return {
    newNonce,
    newAccount,
    newOrder,
    renewalInfo: urlOf('renewalInfo'),
    needsBinding: externalAccountRequired === true,
  };
}

function readJson(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const error = new AcmeProblem('', `the certificate authority answers no JSON at "${url}"`);
    error.cause = cause;
    throw error;
  }
}
