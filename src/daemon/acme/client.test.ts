import assert from 'node:assert/strict';
import { createHmac, createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { cleanup } from '../../../test/support/cleanup.ts';
import { AcmeClient } from './client.ts';
import { type AcmeAnswer, type AcmeRequest, acmeHttp } from './http.ts';
import { bindAccount, type Jws, publicJwk, thumbprint } from './jws.ts';
import { placeOrder } from './order.ts';
import { type AcmeProblem, problemIn, retryAfter } from './problem.ts';
import { suggestedTime } from './renewal-info.ts';
import { newKeyPair } from './x509.ts';

const BASE = 'https://acme.example';
const NOW = Date.UTC(2026, 10, 23);
const keys = newKeyPair();
/** An account of its own key: what it does not answer is 404. */
const standard: Answers = {
  '/dir': () =>
    json(200, { newNonce: `${BASE}/nonce`, newAccount: `${BASE}/account`, newOrder: `${BASE}/order` }),
  '/nonce': () => ({ status: 200, headers: { 'replay-nonce': 'first' }, text: '' }),
  '/account': () => json(201, { status: 'valid' }, { location: `${BASE}/account/1` }),
};

type Answers = Readonly<Record<string, (said: Said) => AcmeAnswer>>;

/** A request, with what its signature covers. */
interface Said extends AcmeRequest {
  readonly header: Record<string, unknown>;
  readonly payload: unknown;
  readonly times: number;
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): AcmeAnswer {
  const type = { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' };
  return {
    status,
    headers: { ...type, 'replay-nonce': `n${Math.random()}`.replace('.', ''), ...headers },
    text: JSON.stringify(body),
  };
}

const problem = (type: string, detail: string) => ({ type: `urn:ietf:params:acme:error:${type}`, detail });

function setUp(answers: Answers = {}) {
  const said: Said[] = [];
  const all = { ...standard, ...answers };
  const client = new AcmeClient({
    directory: `${BASE}/dir`,
    key: keys.privateKey,
    signal: new AbortController().signal,
    now: () => NOW,
    http: async (request) => {
      const path = request.url.slice(BASE.length);
      const jws = (request.body ?? { protected: '', payload: '' }) as Jws;
      const times = said.filter(({ url }) => url === request.url).length;
      const one = {
        ...request,
        header: decoded(jws.protected) as Said['header'],
        payload: decoded(jws.payload),
        times,
      };
      said.push(one);
      return all[path]?.(one) ?? { status: 404, headers: {}, text: '<h1>Not found</h1>' };
    },
  });
  const order = (names: readonly string[] = ['example.com'], replaces: string | null = null) =>
    placeOrder({
      client,
      names,
      kind: 'http-01',
      replaces,
      now: () => NOW,
      show: async () => undefined,
      hide: async () => undefined,
      pause: async () => undefined,
    });
  return { client, said, order };
}

function decoded(part: string): unknown {
  return part === '' ? null : JSON.parse(Buffer.from(part, 'base64url').toString());
}

const nobody = { email: null, eab: null };

test('every request is signed, names its address and a nonce that was not used; the account follows the key', async () => {
  const { client, said } = setUp({ '/thing': () => json(200, { a: 1 }) });
  await client.useAccount({ email: 'ops@example.com', eab: null });
  assert.deepEqual((await client.post(`${BASE}/thing`, null)).body, { a: 1 });
  const [account, thing] = said.filter(({ method }) => method === 'POST');
  assert.deepEqual(account?.payload, { termsOfServiceAgreed: true, contact: ['mailto:ops@example.com'] });
  assert.deepEqual(account?.header.jwk, publicJwk(keys.privateKey));
  assert.equal(thing?.header.kid, `${BASE}/account/1`);
  assert.equal(thing?.header.jwk, undefined);
  assert.equal(thing?.header.url, thing?.url);
  assert.notEqual(thing?.header.nonce, account?.header.nonce);
  const jws = thing?.body as Jws;
  const key = { key: createPublicKey(keys.privateKey), dsaEncoding: 'ieee-p1363' as const };
  const bytes = Buffer.from(`${jws.protected}.${jws.payload}`);
  assert.ok(verify('sha256', bytes, key, Buffer.from(jws.signature, 'base64url')));
  assert.equal(jws.payload, '');
});

test('a nonce that the server does not want is replaced by the one that it sends along, but not for ever', async () => {
  const refuse = () => json(400, problem('badNonce', 'stale'), { 'replay-nonce': 'better' });
  const { client, said } = setUp({
    '/once': ({ times }) => (times === 0 ? refuse() : json(200, {})),
    '/always': refuse,
  });
  await client.useAccount(nobody);
  await client.post(`${BASE}/once`, {});
  assert.equal(said.at(-1)?.header.nonce, 'better');
  await assert.rejects(client.post(`${BASE}/always`, {}), /stale \(badNonce\)/);
  assert.equal(said.filter(({ url }) => url.endsWith('/always')).length, 6);
});

test('an account that is known gets another contact; one without the customer key that is needed is not made', async () => {
  const old = () => json(200, { contact: ['mailto:old@example.com'] }, { location: `${BASE}/account/1` });
  const known = setUp({ '/account': old, '/account/1': () => json(200, {}) });
  await known.client.useAccount({ email: 'new@example.com', eab: null });
  assert.deepEqual(known.said.at(-1)?.payload, { contact: ['mailto:new@example.com'] });
  const same = setUp({ '/account': old });
  await same.client.useAccount({ email: 'old@example.com', eab: null });
  assert.ok(same.said.at(-1)?.url.endsWith('/account'));
});

test('external account binding is a second signature, over our key, with the key of the authority', () => {
  const hmac = Buffer.from('a secret of theirs').toString('base64url');
  const jws = bindAccount(publicJwk(keys.privateKey), 'kid-1', hmac, `${BASE}/account`);
  assert.deepEqual(decoded(jws.protected), { alg: 'HS256', kid: 'kid-1', url: `${BASE}/account` });
  assert.deepEqual(decoded(jws.payload), publicJwk(keys.privateKey));
  const mac = createHmac('sha256', 'a secret of theirs').update(`${jws.protected}.${jws.payload}`);
  assert.equal(jws.signature, mac.digest('base64url'));
});

test('the hash of a key is over its members in the order of RFC 7638, and nothing else', () => {
  const jwk = publicJwk(keys.privateKey);
  assert.deepEqual(Object.keys(jwk), ['crv', 'kty', 'x', 'y']);
  assert.match(thumbprint(jwk), /^[\w-]{43}$/);
});

test('a limit of the server is told with its time; what is no answer of an ACME server in plain words', async () => {
  const limited = setUp({
    '/order': () => json(429, problem('rateLimited', 'too many certificates'), { 'retry-after': '3600' }),
  });
  await limited.client.useAccount(nobody);
  await assert.rejects(limited.order(), (error: AcmeProblem) => {
    assert.equal(error.retryAfterMs, 3_600_000);
    assert.equal(error.message, 'too many certificates (rateLimited)');
    return true;
  });
  const page = setUp({ '/dir': () => ({ status: 502, headers: {}, text: '<h1>Bad gateway</h1>' }) });
  await assert.rejects(page.client.useAccount(nobody), /answers with status 502/);
  const wrong = setUp({ '/dir': () => json(200, { hello: 'world' }) });
  await assert.rejects(wrong.client.useAccount(nobody), /is not the directory of an ACME server/);
  const text = setUp({ '/dir': () => ({ status: 200, headers: {}, text: 'hello' }) });
  await assert.rejects(text.client.useAccount(nobody), /answers no JSON/);
});

test('answers that make no sense are refused, each in words', async () => {
  const order = (body: unknown) => ({ '/order': () => json(201, body, { location: `${BASE}/order/1` }) });
  const authorization = `${BASE}/authz/1`;
  const pending = { status: 'pending', authorizations: [authorization], finalize: `${BASE}/finalize` };
  const with01 = (challenge: object) => ({
    status: 'pending',
    identifier: { value: 'example.com' },
    challenges: [challenge],
  });
  const cases: readonly (readonly [Answers, RegExp])[] = [
    [order({}), /to a new order is not understood/],
    [
      { ...order(pending), '/authz/1': () => json(200, with01({ type: 'dns-01' })) },
      /example\.com: .* does not offer http-01/,
    ],
    [
      {
        ...order(pending),
        '/authz/1': () => json(200, with01({ type: 'http-01', url: `${BASE}/go`, token: '../../x' })),
      },
      /does not offer http-01/,
    ],
    [
      {
        ...order({ ...pending, authorizations: [] }),
        '/order/1': () => json(200, { status: 'invalid', error: problem('caa', 'CAA forbids') }),
      },
      /CAA forbids \(caa\)/,
    ],
    [
      {
        ...order({ ...pending, authorizations: [] }),
        '/order/1': () => json(200, { status: 'ready' }),
        '/finalize': () =>
          json(403, {
            ...problem('badCSR', 'no'),
            subproblems: [{ ...problem('caa', 'not here'), identifier: { value: 'b.example' } }],
          }),
      },
      /no; b\.example: not here \(badCSR\)/,
    ],
  ];
  for (const [answers, expected] of cases) {
    const { client, order: place } = setUp(answers);
    await client.useAccount(nobody);
    await assert.rejects(place(), expected);
  }
});

test('an order that may not replace another is made without that; a limit stays a limit', async () => {
  const only = (refusal: AcmeAnswer) => ({
    '/order': ({ payload }: Said) =>
      (payload as { replaces?: string }).replaces ? refusal : json(403, problem('caa', 'got so far')),
  });
  const replaced = setUp(only(json(409, problem('alreadyReplaced', 'is replaced already'))));
  await replaced.client.useAccount(nobody);
  await assert.rejects(replaced.order(['example.com'], 'a.b'), /got so far/);
  const limited = setUp(only(json(429, problem('rateLimited', 'too many'))));
  await limited.client.useAccount(nobody);
  await assert.rejects(limited.order(['example.com'], 'a.b'), /too many/);
});

test('the time to come again: seconds or a date; words are cut, and have no control characters', () => {
  const after = (value: string) => retryAfter({ headers: { 'retry-after': value } }, NOW);
  assert.equal(after('120'), 120_000);
  assert.equal(after(new Date(NOW + 5000).toUTCString()), 5000);
  assert.equal(after(new Date(NOW - 5000).toUTCString()), 0);
  assert.equal(after('soon'), null);
  const text = JSON.stringify(problem('malformed', `a\u001b[31m\nb${'x'.repeat(5000)}`));
  const { message, type } = problemIn({ status: 400, headers: {}, text }, NOW);
  assert.match(message, /^a \[31m bx+ \(malformed\)$/);
  assert.ok(message.length < 500);
  assert.equal(type, 'malformed');
});

test('the window of renewal information gives a time within it; a server without it none', async () => {
  const pem = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`;
  const directory = () =>
    json(200, {
      newNonce: `${BASE}/nonce`,
      newAccount: `${BASE}/account`,
      newOrder: `${BASE}/order`,
      renewalInfo: `${BASE}/info`,
    });
  const window = (start: string, end: string) => () => json(200, { suggestedWindow: { start, end } });
  const path = '/info/aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE';
  const informed = setUp({
    '/dir': directory,
    [path]: window('2026-11-23T00:00:00Z', '2026-11-25T00:00:00Z'),
  });
  assert.equal(await suggestedTime(informed.client, pem, 0.5), NOW + 24 * 3_600_000);
  const nonsense = setUp({ '/dir': directory, [path]: window('never', '2026-11-25T00:00:00Z') });
  assert.equal(await suggestedTime(nonsense.client, pem, 0.5), null);
  assert.equal(await suggestedTime(setUp().client, pem, 0.5), null);
});

test('a server that never answers is left when the order is called off', async (t) => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup(t, () => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const off = new AbortController();
  const asked = acmeHttp(null, 'test')(
    { method: 'GET', url: `https://127.0.0.1:${port}/dir`, body: null },
    off.signal,
  );
  server.once('connection', () => off.abort());
  await assert.rejects(asked, /cannot reach "https:\/\/127\.0\.0\.1/);
});
