/** HTTPS with certificates from files: two lines in the configuration, and nothing is lost when they change. */
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import tls from 'node:tls';
import type { HoldfastConfig } from '../../src/config/config-types.ts';
import { pem, testCa, tlsFile } from '../support/certificates.ts';
import type { Test } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { startLoad, startWebSockets } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const EDGE = '@edge';

interface SecureSite {
  readonly home: TestHome;
  readonly http: string;
  readonly https: string;
  readonly port: number;
  readonly config: HoldfastConfig;
}

/** `localhost` with a certificate that lies beside the configuration. */
async function startSecure(
  t: Test,
  program: string,
  site: object = {},
  edge: object = {},
): Promise<SecureSite> {
  const home = testHome(t);
  putCertificate(home, 'local');
  const [plain, secure] = [await freePort(), await freePort()];
  const config: HoldfastConfig = {
    apps: { web: { run: app(program), instances: 2 } },
    sites: { localhost: { routes: { '/': 'web' }, tls: { cert: 'cert.pem', key: 'key.pem' }, ...site } },
    listen: { http: `127.0.0.1:${plain}`, https: `127.0.0.1:${secure}` },
    edge,
  };
  configure(home, config);
  await home.ok(['up']);
  return {
    home,
    http: `http://localhost:${plain}`,
    https: `https://localhost:${secure}`,
    port: secure,
    config,
  };
}

/** As certbot and its like do it: each file whole, by renaming, one after the other. */
function putCertificate(home: TestHome, cert: string, key = cert): void {
  for (const [from, to] of [
    [`${cert}.pem`, 'cert.pem'],
    [`${key}.key`, 'key.pem'],
  ] as const) {
    copyFileSync(tlsFile(from), join(home.dir, `${to}.new`));
    renameSync(join(home.dir, `${to}.new`), join(home.dir, to));
  }
}

async function get(url: string): Promise<{ status: number | undefined; body: string }> {
  const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    https.get(url, { ca: testCa, agent: false }, resolve).on('error', reject);
  });
  let body = '';
  for await (const piece of answer.setEncoding('utf8')) body += piece;
  return { status: answer.statusCode, body };
}

/** The certificate that a new connection is shown, as PEM. */
function shown(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, servername: 'localhost', ca: testCa }, () => {
      resolve(socket.getPeerX509Certificate()?.toString().trim() ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('a site with a certificate', () => {
  test('is served with https, and its app believes that', async (t) => {
    const site = await startSecure(t, 'express.js');
    const client = JSON.parse((await get(`${site.https}/client`)).body);
    assert.deepEqual(client, { ip: '127.0.0.1', protocol: 'https', secure: true });
    const plain = await fetch(`${site.http}/a/b?c=d`, { redirect: 'manual' });
    assert.equal(plain.status, 308);
    assert.equal(plain.headers.get('location'), `${site.https}/a/b?c=d`);
    const [web] = await site.home.apps();
    assert.deepEqual(web?.urls, [site.https]);
    // The key is where it was, and nowhere else.
    const secret = pem('local.key').split('\n')[1] as string;
    for (const file of readdirSync(site.home.paths.home, { recursive: true, encoding: 'utf8' })) {
      const path = join(site.home.paths.home, file);
      if (/\.(json|ndjson|log)(\.\d+)?$/.test(file))
        assert.ok(!readFileSync(path, 'utf8').includes(secret), path);
    }
  });

  test('gets another certificate, and later another edge, and no request fails', async (t) => {
    const { home, https: url, port } = await startSecure(t, 'hello.js');
    const kept = await startLoad(t, { url: `${url}/`, ca: testCa, expect: 'url', connections: 4 });
    const fresh = await startLoad(t, {
      url: `${url}/`,
      ca: testCa,
      expect: 'url',
      connections: 4,
      keepAlive: false,
    });
    putCertificate(home, 'local-next');
    await happened(home, 'certificate.loaded', { after: 1 });
    await until(async () => (await shown(port)) === pem('local-next.pem').trim(), {
      why: 'the new one is shown',
    });
    await home.ok(['reload', EDGE]);
    process.kill(home.daemonPid(), 'SIGKILL');
    await happened(home, 'instance.adopted', { about: EDGE });
    await happened(home, 'certificate.loaded', { after: 2 });
    for (const load of [kept, fresh]) {
      const report = await load.stop(50);
      assert.equal(report.failed, 0, JSON.stringify(report));
    }
  });

  test('keeps the one before when the files are no good, and says so', async (t) => {
    const { home, https: url, port } = await startSecure(t, 'hello.js');
    putCertificate(home, 'local-next', 'local');
    await happened(home, 'certificate.refused');
    assert.equal((await get(url)).status, 200);
    assert.equal(await shown(port), pem('local.pem').trim());
    assert.match((await home.show(EDGE)).notes.join('\n'), /localhost.*is not the key.*one before is served/);
    putCertificate(home, 'expired');
    await happened(home, 'certificate.doubtful');
    assert.match((await home.show(EDGE)).notes.join('\n'), /has expired/);
  });

  test('does not begin with a key of another certificate', async (t) => {
    const { home, config } = await startSecure(t, 'hello.js');
    copyFileSync(tlsFile('b.test.key'), join(home.dir, 'other.pem'));
    const tlsOf = { cert: 'cert.pem', key: 'other.pem' };
    configure(home, { ...config, sites: { localhost: { routes: { '/': 'web' }, tls: tlsOf } } });
    const { code, stderr } = await home.run(['up']);
    assert.equal(code, 1);
    assert.match(stderr, /sites\.localhost\.tls\.key is not the key of the first certificate/);
    assert.deepEqual(events(home, 'certificate.refused'), []);
  });

  test('loses only what was under way when an edge is killed; nobody is refused', async (t) => {
    const { home, https: url } = await startSecure(t, 'hello.js', {}, { processes: 2 });
    const connections = 6;
    const load = await startLoad(t, {
      url: `${url}/`,
      ca: testCa,
      expect: 'url',
      connections,
      keepAlive: false,
    });
    for (let kill = 0; kill < 2; kill++) {
      const [edge] = await home.ready(EDGE, 2);
      process.kill(edge?.pid as number, 'SIGKILL');
      await happened(home, 'instance.crashed', { about: EDGE, after: kill });
      await home.ready(EDGE, 2);
    }
    const report = await load.stop(50);
    assert.equal(report.refused, 0, JSON.stringify(report));
    assert.ok(report.failed <= 2 * connections, JSON.stringify(report));
  });

  test('carries WebSockets, which go on while the certificate changes', async (t) => {
    const { home, port } = await startSecure(t, 'echo-ws.js');
    const sockets = await startWebSockets(t, {
      url: `wss://localhost:${port}/`,
      ca: testCa,
      count: 4,
      everyMs: 20,
    });
    putCertificate(home, 'local-next');
    await happened(home, 'certificate.loaded', { after: 1 });
    const { echoed } = await sockets.report();
    await until(async () => (await sockets.report()).echoed > echoed + 20, { why: 'echoes go on' });
    const { openNow, wrong, closed } = await sockets.stop();
    assert.deepEqual({ openNow, wrong, closed }, { openNow: 4, wrong: 0, closed: [] });
  });
});
