/** `tls: 'auto'`: certificates are there without anybody having done anything, and stay valid. The authority is pebble. */
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { HoldfastConfig } from '../../src/config/config-types.ts';
import { type Pebble, type PebbleOptions, startPebble } from '../acme/pebble.ts';
import { cleanup, type Test } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const FIRST = 'app.example.test';
const SECOND = 'www.example.test';

interface Shop {
  readonly home: TestHome;
  readonly pebble: Pebble;
  readonly https: number;
  /** Writes the configuration and runs `hold up`. */
  up(hosts: readonly string[], acme?: HoldfastConfig['acme']): Promise<void>;
}

async function open(t: Test, more: Partial<PebbleOptions> = {}): Promise<Shop | undefined> {
  const [http, https] = [await freePort(), await freePort()];
  const pebble = await startPebble(t, { httpPort: http, tlsPort: https, ...more });
  if (!pebble) return undefined;
  const home = testHome(t);
  const settings = { directory: pebble.directory, directoryCa: pebble.ca };
  return {
    home,
    pebble,
    https,
    async up(hosts, acme) {
      const sites = hosts.map((host) => [host, { tls: 'auto' as const, routes: { '/': 'web' } }]);
      configure(home, {
        apps: { web: { run: app('hello.js') } },
        sites: Object.fromEntries(sites) as NonNullable<HoldfastConfig['sites']>,
        listen: { http: `127.0.0.1:${http}`, https: `127.0.0.1:${https}` },
        acme: { ...settings, ...acme },
      });
      await home.ok(['up']);
    },
  };
}

/** The serial number of the certificate with which a request was answered; anything else is an error. */
function ask(port: number, host: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername: host, headers: { host }, ca, agent: false };
    const sent = request(options, (answer) => {
      const { serialNumber } = (answer.socket as TLSSocket).getPeerCertificate();
      answer.resume().on('end', () => {
        if (answer.statusCode === 200) resolve(serialNumber);
        else reject(new Error(`status ${answer.statusCode}`));
      });
      answer.on('error', reject);
    });
    sent.setTimeout(20_000, () => sent.destroy(new Error('no answer')));
    sent.on('error', reject);
    sent.end();
  });
}

describe('certificates by themselves', () => {
  test('a site gets one, and under load it is renewed again and again without a request that fails', async (t) => {
    const shop = await open(t, { seconds: 15 });
    if (!shop) return;
    const { home, pebble, https, up } = shop;
    await up([FIRST], { email: 'ops@example.test' });
    await happened(home, 'certificate.obtained');
    const root = await pebble.root();
    await until(() => ask(https, FIRST, root), { why: 'it is served' });

    const seen = new Set<string>();
    const failures = new Set<string>();
    let running = true;
    cleanup(t, () => {
      running = false;
    });
    const clients = Array.from({ length: 2 }, async () => {
      while (running) {
        await ask(https, FIRST, root).then(
          (serial) => seen.add(serial),
          (error: Error) => failures.add(error.message),
        );
      }
    });
    await happened(home, 'certificate.renewed');
    const before = seen.size;
    await until(() => seen.size > before || seen.size > 1, { why: 'the new one is served' });
    running = false;
    await Promise.all(clients);
    assert.deepEqual([...failures], []);
    assert.deepEqual(events(home, 'certificate.failed'), []);
    const file = join(home.paths.home, 'certificates', `${FIRST}.pem`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test('by TLS-ALPN-01, each site its own; a daemon that was killed goes on with what there is', async (t) => {
    const shop = await open(t);
    if (!shop) return;
    const { home, pebble, https, up } = shop;
    await up([FIRST, SECOND], { challenge: 'tls-alpn-01' });
    await happened(home, 'certificate.obtained', { after: 1 });
    const root = await pebble.root();
    const served = () => Promise.all([FIRST, SECOND].map((host) => ask(https, host, root)));
    const before = await until(served, { why: 'both are served' });
    assert.notEqual(before[0], before[1]);
    process.kill(home.daemonPid(), 'SIGKILL');
    await happened(home, 'daemon.started', { after: 1 });
    await home.ok(['ls']);
    // A new edge has its certificates from the start.
    const { instances } = await home.show('@edge');
    const [old] = instances;
    assert.ok(old?.pid);
    process.kill(old.pid, 'SIGKILL');
    await until(async () => (await home.show('@edge')).instances[0]?.pid !== old.pid, { why: 'a new edge' });
    assert.deepEqual(await until(served, { why: 'both are served again' }), before);
    assert.deepEqual(events(home, 'certificate.obtained').length, 2);
  });

  test('what goes wrong is told, tried again when it was put right, and costs nothing that is served', async (t) => {
    const shop = await open(t);
    if (!shop) return;
    const { home, pebble, https, up } = shop;
    await up([FIRST], { directoryCa: undefined });
    const { reason, data } = await happened(home, 'certificate.failed');
    assert.match(
      reason ?? '',
      /^app\.example\.test: cannot reach "https:.*self-signed certificate; next try in/,
    );
    assert.deepEqual(data?.names, [FIRST]);
    const shown = await home.ok(['show', '@edge']);
    assert.match(shown.stdout, /no new certificate: cannot reach/);
    await up([FIRST]);
    await happened(home, 'certificate.obtained');
    const root = await pebble.root();
    const serial = await until(() => ask(https, FIRST, root), { why: 'it is served' });
    // Another authority, which cannot be reached: the certificate of the first is served.
    await up([FIRST], { directory: pebble.directory.replace('/dir', '/other') });
    await happened(home, 'certificate.failed', { after: 1 });
    assert.equal(await ask(https, FIRST, root), serial);
    const notes = await home.ok(['show', '@edge']);
    assert.match(notes.stdout, /no new certificate: .*; the one until .* is served/s);
    // Nothing has changed in the file, but a person may know that it was put right elsewhere.
    await home.ok(['up']);
    await happened(home, 'certificate.failed', { after: 2 });
  });

  test('a wildcard, a wrong directory and a key without its name are refused before anything happens', async (t) => {
    const home = testHome(t);
    configure(home, {
      apps: { web: { run: app('hello.js') } },
      sites: {
        '*.example.test': { tls: 'auto', routes: { '/': 'web' } },
        '127.0.0.1': { tls: 'auto', routes: { '/': 'web' } },
      },
      acme: { directory: 'stagin', email: 'nobody' },
    });
    const { code, stderr } = await home.run(['up']);
    assert.equal(code, 1);
    assert.equal(stderr.match(/needs a whole host name to be "auto"/g)?.length, 2);
    assert.match(stderr, /acme\.directory must be "production", "staging" or the address/);
    assert.match(stderr, /acme\.email must be an e-mail address/);
    const [empty, away] = [join(home.dir, 'empty.pem'), join(home.dir, 'away')];
    writeFileSync(empty, '');
    configure(home, {
      apps: { web: { run: app('hello.js') } },
      sites: { [FIRST]: { tls: 'auto', routes: { '/': 'web' } } },
      acme: { directoryCa: 'empty.pem', eab: { keyId: 'kid', hmac: 'file:away' } },
    });
    const files = await home.run(['up']);
    assert.match(files.stderr, new RegExp(`acme\\.directoryCa "${empty}" must hold certificates`));
    assert.match(files.stderr, new RegExp(`acme\\.eab\\.hmac cannot be read: "${away}"`));
  });
});
