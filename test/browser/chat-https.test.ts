/** The example over HTTPS, with a certificate that came by itself. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { startPebble } from '../acme/pebble.ts';
import type { Test } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { happened } from '../support/journal.ts';
import { logged } from '../support/log-file.ts';
import { freePort } from '../support/ports.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { exampleDir } from './chat-instances.ts';
import { ChatPage, startBrowser } from './chromium.ts';

const HOST = 'chat.example.test';

/** As Chromium wants the keys named that it is to trust: that of the authority between the certificate and the root. */
async function authorityKey(port: number, root: string): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername: HOST, ca: root });
  await once(socket, 'secureConnect');
  const { raw } = socket.getPeerCertificate(true).issuerCertificate;
  socket.destroy();
  const key = new X509Certificate(raw).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

async function startChat(t: Test) {
  const [http, https] = [await freePort(), await freePort()];
  const pebble = await startPebble(t, { httpPort: http, tlsPort: https });
  if (!pebble) return undefined;
  const home = testHome(t);
  configure(home, {
    apps: { chat: { run: join(exampleDir, 'server.js'), drain: '1s' } },
    sites: { [HOST]: { tls: 'auto', routes: { '/': 'chat' } } },
    listen: { http: `127.0.0.1:${http}`, https: `127.0.0.1:${https}` },
    edge: {
      http2: { webSockets: true },
      accessLog: { format: 'json', fields: ['target', 'protocol', 'status'] },
    },
    acme: { directory: pebble.directory, directoryCa: pebble.ca },
  });
  await home.ok(['up']);
  await happened(home, 'certificate.obtained');
  const root = await pebble.root();
  const key = await until(() => authorityKey(https, root), { why: 'it is served' });
  return { home, key, http: `http://${HOST}:${http}`, https: `https://${HOST}:${https}` };
}

test('two people chat over HTTPS and WebSocket, and whoever comes without is sent there', async (t) => {
  const chat = await startChat(t);
  if (!chat) return;
  const browser = await startBrowser(t, [
    `--host-resolver-rules=MAP ${HOST} 127.0.0.1`,
    `--ignore-certificate-errors-spki-list=${chat.key}`,
  ]);
  if (!browser) return;
  const ada = await ChatPage.open(browser, `${chat.https}/?transport=websocket&name=Ada`);
  const grace = await ChatPage.open(browser, `${chat.http}/?name=Grace`);
  assert.ok(grace.page.url().startsWith(`${chat.https}/`), grace.page.url());
  await ada.say('Hello Grace');
  await grace.sees('Hello Grace');
  await grace.say('Hello Ada');
  await ada.sees('Hello Ada');
  await until(async () => /over WebSocket$/.test((await ada.served()) ?? ''), { why: 'it is a WebSocket' });
  const protocol = await ada.page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol");
  assert.equal(protocol, 'h2');
  await Promise.all([ada, grace].map(({ page }) => page.close()));
  const line = await until(
    () =>
      logged(chat.home, '@edge').find(({ text }) =>
        /socket\.io\/.*transport=websocket.*"status":(?:101|200)/.test(text),
      ),
    { why: 'the WebSocket is over, and written down' },
  );
  assert.match(line.text, /"protocol":"HTTP\/2/, 'it was a stream of HTTP/2');
  assert.deepEqual([...ada.problems, ...grace.problems], []);
});
