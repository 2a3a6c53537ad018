/** Orders at a real ACME server, with a web server of the test in place of the edge. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createSecureContext, createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { acmeDefaults } from '../../src/config/app-defaults.ts';
import type { AcmePlan } from '../../src/config/plan.ts';
import type { OrderRequest } from '../../src/daemon/acme/acme.ts';
import { createAuthority } from '../../src/daemon/acme/authority.ts';
import { AcmeStore, kept } from '../../src/daemon/acme/store.ts';
import { type Challenges, noChallenges } from '../../src/daemon/certificates.ts';
import { cleanup, type Test } from '../support/cleanup.ts';
import { freePort } from '../support/ports.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type PebbleOptions, startPebble } from './pebble.ts';

/** An authority, and who answers it. */
async function setUp(t: Test, more: Partial<PebbleOptions> = {}) {
  const answers = { now: noChallenges, shown: 0 };
  const [httpPort, tlsPort] = [await freePort(), await freePort()];
  await listen(t, webServer(answers), httpPort);
  await listen(t, tlsServer(answers), tlsPort);
  const pebble = await startPebble(t, { httpPort, tlsPort, ...more });
  if (!pebble) return undefined;
  const dir = join(tempDir(t), 'certificates');
  const store = new AcmeStore(dir);
  const authority = createAuthority({
    store,
    version: 'test',
    publish: async (challenges) => {
      answers.now = challenges;
      answers.shown += 1;
    },
  });
  const plan: AcmePlan = { ...acmeDefaults, directory: pebble.directory, directoryCa: pebble.ca };
  const order = (names: readonly string[], other: Partial<AcmePlan> = {}) => {
    const { signal } = new AbortController();
    const request: OrderRequest = { plan: { ...plan, ...other }, names, before: null, signal };
    return authority.order(request);
  };
  return { pebble, answers, authority, plan, order, store, dir };
}

describe('an order at pebble', () => {
  test('by HTTP-01, for several names at once, with every tenth nonce refused', async (t) => {
    const made = await setUp(t);
    if (!made) return;
    const { order, pebble, answers, store, dir, plan } = made;
    const names = ['app.example.test', 'www.example.test', 'xn--bcher-kva.example.test'];
    const issued = await order(names, { email: 'ops@example.test' });
    const chain = issued.certPem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
    assert.ok(chain.length >= 2, 'those between it and the root come along');
    const root = new X509Certificate(await pebble.root());
    assert.ok(new X509Certificate(chain.at(-1) ?? '').verify(root.publicKey));
    const found = kept(issued, plan.directory);
    assert.deepEqual([...found.certificate.names].sort(), [...names].sort());
    assert.deepEqual(answers.now, noChallenges, 'nothing is answered when the order is done');

    store.save('app.example.test', found);
    assert.deepEqual(store.load('app.example.test'), found);
    assert.equal(statSync(dir).mode & 0o777, 0o700);
    assert.equal(statSync(join(dir, 'app.example.test.pem')).mode & 0o777, 0o600);
    // Another e-mail address, the same account; and a server that has lost all accounts gives us a new one.
    await order(['app.example.test'], { email: 'new@example.test' });
    await pebble.restart();
    await order(['app.example.test']);
  });

  test('by TLS-ALPN-01', async (t) => {
    const made = await setUp(t);
    if (!made) return;
    const { order, answers } = made;
    const issued = await order(['alpn.example.test'], { challenge: 'tls-alpn-01' });
    assert.equal(new X509Certificate(issued.certPem).subjectAltName, 'DNS:alpn.example.test');
    assert.deepEqual(answers.now, noChallenges);
  });

  test('for customers only: with a key id, with a wrong key, without', async (t) => {
    const hmac = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';
    const made = await setUp(t, { customers: { 'kid-1': hmac } });
    if (!made) return;
    const { order } = made;
    await assert.rejects(order(['a.example.test']), /set acme\.eab to what it gave you/);
    const wrong = { keyId: 'kid-1', hmac: hmac.replace('z', 'y') };
    await assert.rejects(order(['a.example.test'], { eab: wrong }), /malformed|unauthorized|External/i);
    await order(['a.example.test'], { eab: { keyId: 'kid-1', hmac } });
  });

  test('what goes wrong is told in words', async (t) => {
    const made = await setUp(t);
    if (!made) return;
    const { order, answers, pebble } = made;
    answers.shown = Number.NaN; // The web server knows nothing.
    await assert.rejects(order(['lost.example.test']), /lost\.example\.test: .*404.*\(unauthorized\)/);
    assert.deepEqual(answers.now, noChallenges);
    await assert.rejects(order(['no_name']), /\((malformed|rejectedIdentifier)\)/);
    await assert.rejects(
      order(['a.example.test'], { directoryCa: null }),
      /cannot reach "https:.*self-signed/,
    );
    await assert.rejects(
      order(['a.example.test'], { directory: `${pebble.directory}y` }),
      /404|not the directory/,
    );
    await pebble.stop();
    await assert.rejects(order(['a.example.test']), /cannot reach "https:.*ECONNREFUSED/);
  });
});

function webServer(answers: { now: Challenges; shown: number }): Server {
  return createServer(({ url = '' }, response) => {
    const [, token = ''] = /^\/\.well-known\/acme-challenge\/([\w-]+)$/.exec(url) ?? [];
    const body = Number.isNaN(answers.shown) ? undefined : answers.now.http[token];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
}

function tlsServer(answers: { now: Challenges }): TlsServer {
  return createTlsServer({
    ALPNProtocols: ['acme-tls/1'],
    SNICallback(host, done) {
      const found = answers.now.alpn.find(({ names }) => names.includes(host));
      if (!found) done(new Error(`no challenge for ${host}`));
      else done(null, createSecureContext({ cert: found.certPem, key: found.keyPem }));
    },
  });
}

async function listen(t: Test, server: Server | TlsServer, port: number): Promise<void> {
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  cleanup(t, () => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
}
