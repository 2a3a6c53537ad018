/** One order, from the wish to the certificate: RFC 8555 7.4. */

import type { Challenge, ChallengeKind } from './challenges.ts';
import type { AcmeClient, Reply } from './client.ts';
import { AcmeProblem, type ProblemDocument, retryAfter, wordsOf } from './problem.ts';
import { certificateRequest, keyPem, newKeyPair } from './x509.ts';

export interface OrderOptions {
  readonly client: AcmeClient;
  readonly names: readonly string[];
  readonly kind: ChallengeKind;
  /** RFC 9773: the certificate that this one follows; null = none, or the server knows no such thing. */
  readonly replaces: string | null;
  readonly now: () => number;
  /** Resolves when the server can see the answers. */
  show(challenges: readonly Challenge[]): Promise<void>;
  hide(challenges: readonly Challenge[]): Promise<void>;
  pause(ms: number): Promise<void>;
}

export interface Issued {
  /** The certificate, and those between it and the root. */
  readonly certPem: string;
  readonly keyPem: string;
}

interface Order {
  readonly status?: string;
  readonly authorizations?: readonly string[];
  readonly finalize?: string;
  readonly certificate?: string;
  readonly error?: ProblemDocument;
}

interface Authorization {
  readonly status?: string;
  readonly identifier?: { readonly value?: string };
  readonly challenges?: readonly {
    readonly type?: string;
    readonly url?: string;
    readonly token?: string;
    readonly error?: ProblemDocument;
  }[];
}

/** How long the server may take over each of its steps. */
const PATIENCE_MS = 180_000;
const FIRST_LOOK_MS = 500;
const LAST_LOOK_MS = 10_000;

/** @throws AcmeProblem when it is refused, or an Error when the server cannot be reached */
export async function placeOrder(options: OrderOptions): Promise<Issued> {
  const { client, names } = options;
  const { body, location } = await openOrder(options);
  if (location === null || !body.authorizations || !body.finalize) throw unexpected('a new order');
  await authorize(options, body.authorizations);
  const ready = await settled<Order>(options, location, ({ status }) => status !== 'pending');
  if (ready.status !== 'ready') throw givenUp(ready);
  const keys = newKeyPair();
  await client.post(body.finalize, { csr: certificateRequest(names, keys).toString('base64url') });
  const done = await settled<Order>(
    options,
    location,
    ({ status }) => status === 'valid' || status === 'invalid',
  );
  if (done.status !== 'valid' || !done.certificate) throw givenUp(done);
  const { answer } = await client.post(done.certificate, null);
  if (!answer.text.includes('-----BEGIN CERTIFICATE-----')) throw unexpected('the certificate');
  return { certPem: answer.text, keyPem: keyPem(keys) };
}

/** That it replaces another is a courtesy (RFC 9773 5): a server that will not have it so gets an order like any other. */
async function openOrder({ client, names, replaces }: OrderOptions): Promise<Reply<Order>> {
  const { newOrder } = await client.directory();
  const identifiers = names.map((value) => ({ type: 'dns', value }));
  if (replaces !== null) {
    try {
      return await client.post<Order>(newOrder, { identifiers, replaces });
    } catch (error) {
      if (!(error instanceof AcmeProblem) || error.type === 'rateLimited') throw error;
    }
  }
  return client.post<Order>(newOrder, { identifiers });
}

/** Proves control of every name of the order that was not proved lately. */
async function authorize(options: OrderOptions, urls: readonly string[]): Promise<void> {
  const { client, kind } = options;
  const open: { readonly url: string; readonly go: string; readonly challenge: Challenge }[] = [];
  for (const url of urls) {
    const { body } = await client.post<Authorization>(url, null);
    if (body.status === 'valid') continue;
    const name = body.identifier?.value ?? '';
    const offer = body.challenges?.find(({ type }) => type === kind);
    if (!offer?.url || !offer.token || !/^[\w-]+$/.test(offer.token)) {
      throw new AcmeProblem('', `${name}: the certificate authority does not offer ${kind}`);
    }
    const challenge = {
      kind,
      name,
      token: offer.token,
      keyAuthorization: client.keyAuthorization(offer.token),
    };
    open.push({ url, go: offer.url, challenge });
  }
  const challenges = open.map(({ challenge }) => challenge);
  if (challenges.length === 0) return;
  try {
    await options.show(challenges);
    for (const { go } of open) await client.post(go, {});
    for (const { url, challenge } of open) {
      const { status, challenges: tried } = await settled<Authorization>(
        options,
        url,
        ({ status }) => status !== 'pending',
      );
      if (status === 'valid') continue;
      const why = tried?.map(({ error }) => wordsOf(error)).find((words) => words !== '');
      throw new AcmeProblem('', `${challenge.name}: ${why ?? `the challenge is ${status}`}`);
    }
  } finally {
    await options.hide(challenges);
  }
}

/** Looks again and again, as often as the server likes, until it is done. */
async function settled<T>(options: OrderOptions, url: string, isDone: (body: T) => boolean): Promise<T> {
  const end = options.now() + PATIENCE_MS;
  let wait = FIRST_LOOK_MS;
  for (;;) {
    const reply: Reply<T> = await options.client.post<T>(url, null);
    if (isDone(reply.body)) return reply.body;
    if (options.now() > end) {
      throw new AcmeProblem('', `the certificate authority takes longer than ${PATIENCE_MS / 1000}s`);
    }
    const asked = retryAfter(reply.answer, options.now()) ?? wait;
    await options.pause(Math.min(Math.max(asked, FIRST_LOOK_MS), 3 * LAST_LOOK_MS));
    wait = Math.min(2 * wait, LAST_LOOK_MS);
  }
}

function givenUp({ error, status }: Order): AcmeProblem {
  return new AcmeProblem('', wordsOf(error) || `the certificate authority says that the order is ${status}`);
}

function unexpected(what: string): AcmeProblem {
  return new AcmeProblem('', `the answer of the certificate authority to ${what} is not understood`);
}
