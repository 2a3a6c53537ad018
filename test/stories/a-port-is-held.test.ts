/** Ports belong to Holdfast, not to the app: whatever the app does with `listen`, instances share them and none is lost. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { get as httpsGet } from 'node:https';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { events } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { requireProgram } from '../support/programs.ts';
import { app } from '../support/root.ts';
import { script, versioned } from '../support/scripts.ts';
import { startProgram, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const text = async (url: string): Promise<string> => (await fetch(url)).text();

async function canListen(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  const listens = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  server.close();
  return listens;
}

test('a port that nobody named is let go with the app, and is another one after the next start', async (t) => {
  const home = testHome(t);
  const [first, second] = [await freePort(), await freePort()];
  script(home, 'app.js', versioned('1').replace('process.env.PORT', String(first)));
  await home.ok(['start', 'app.js', '-n', 'web']);
  await until(() => events(home, 'port.held').length === 1, { why: 'it is held' });
  await home.ok(['stop', 'web']);
  assert.deepEqual(events(home, 'port.released')[0]?.data, { host: null, port: first });
  assert.ok(await canListen(first));

  script(home, 'app.js', versioned('2').replace('process.env.PORT', String(second)));
  await home.ok(['start', 'web']);
  assert.match(await text(`http://127.0.0.1:${second}/`), /version 2/);
  await home.ok(['delete', 'web']);
  assert.ok(await canListen(second));
});

describe('a port that is named', { concurrency: 3 }, () => {
  test('and is not the one that the app listens on: `show` says so', async (t) => {
    const home = testHome(t);
    const [named, real] = [await freePort(), await freePort()];
    const args = ['-n', 'web', '-p', String(named), '-e', `OTHER_PORT=${real}`];
    await home.ok(['start', app('listens-elsewhere.js'), ...args]);
    const { notes, ports } = await home.show('web');
    assert.deepEqual(notes, [`it listens on ${real}, not on the configured port ${named}`]);
    assert.deepEqual(ports, [{ host: null, port: real, held: true, tls: false }]);
    assert.match(await text(`http://127.0.0.1:${real}/`), /^elsewhere/);
  });

  test('and is taken: the command says by whom, and changes nothing', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const env = { PORT: String(port) };
    const other = startProgram(t, process.execPath, [app('hello.js')], { env });
    await until(() => text(`http://127.0.0.1:${port}/`), { why: 'the other program listens' });
    for (const program of [[app('hello.js')], ['sleep 1000']]) {
      const { code, stderr } = await home.run(['start', ...program, '-n', 'web', '-p', String(port)]);
      assert.equal(code, 1);
      const by = `Cannot listen on port ${port}: it is already used by .* \\(pid ${other.child.pid}\\)`;
      assert.match(stderr, new RegExp(by));
      assert.deepEqual(await home.apps(), []);
    }
  });

  test('is free again when the app is stopped, and when it is deleted', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    await home.ok(['start', app('hello.js'), '-n', 'web', '-i', '2', '-p', String(port)]);
    assert.equal(await canListen(port), false);
    await home.ok(['stop', 'web']);
    assert.ok(await canListen(port));
    await home.ok(['start', 'web']);
    assert.match(await text(`http://127.0.0.1:${port}/`), /^hello from web/);
    await home.ok(['delete', 'web']);
    assert.ok(await canListen(port));
  });

  test('of a program that is not Node is its own, which `show` says', async (t) => {
    const home = testHome(t);
    if (!requireProgram(t, 'python3')) return;
    const port = await freePort();
    await home.ok(['start', 'python3 -m http.server $PORT', '-n', 'files', '-p', String(port)]);
    assert.match(await text(`http://127.0.0.1:${port}/`), /Directory listing/);
    const { notes } = await home.show('files');
    assert.match(notes.join(), /not a Node program, so its port is its own/);
    await home.ok(['reload', 'files']);
    assert.match(await text(`http://127.0.0.1:${port}/`), /Directory listing/);
  });
});

describe('an app listens as it likes', { concurrency: 3 }, () => {
  test('on several ports, addresses and a unix socket, and is told its addresses', async (t) => {
    const home = testHome(t);
    const [PORT, PORT2, PORT3] = [await freePort(), await freePort(), await freePort()];
    const SOCKET = join(home.dir, 's');
    const env = Object.entries({ PORT2, PORT3, SOCKET }).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    await home.ok([
      'start',
      app('listens-in-many-ways.js'),
      '-n',
      'web',
      '-i',
      '2',
      '-p',
      String(PORT),
      ...env,
    ]);
    await home.ready('web', 2);

    const fetched = async (where: string) => JSON.parse(await text(`http://${where}/`));
    const { addresses, atOnce, calls } = await fetched(`127.0.0.1:${PORT}`);
    assert.equal(calls, 5);
    assert.equal(atOnce?.port, PORT);
    const anyPort = addresses[3]?.port;
    assert.ok(anyPort > 0);
    assert.deepEqual(addresses, [
      { address: '::', family: 'IPv6', port: PORT },
      { address: '127.0.0.1', family: 'IPv4', port: PORT2 },
      { address: '::1', family: 'IPv6', port: PORT3 },
      { address: '::', family: 'IPv6', port: anyPort },
      addresses[4],
    ]);
    assert.ok(String(addresses[4]).startsWith(SOCKET));
    for (const where of [`[::1]:${PORT}`, `127.0.0.1:${PORT2}`, `[::1]:${PORT3}`, `localhost:${anyPort}`])
      assert.ok((await fetched(where)).pid > 0, where);
    await assert.rejects(fetched(`[::1]:${PORT2}`));
    await assert.rejects(fetched(`127.0.0.1:${PORT3}`));
    assert.ok(readdirSync(home.dir).filter((name) => name.startsWith('s.')).length >= 2);

    const { ports } = await home.show('web');
    const held = ports.filter(({ held }) => held).map(({ host, port }) => `${host} ${port}`);
    for (const one of [`null ${PORT}`, `127.0.0.1 ${PORT2}`, `::1 ${PORT3}`])
      assert.ok(held.includes(one), held.join());
  });

  test('speaking TLS itself', async (t) => {
    const home = testHome(t);
    if (!requireProgram(t, 'openssl')) return;
    const [key, cert] = [join(home.dir, 'key.pem'), join(home.dir, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const args = [
      'req',
      '-x509',
      ...curve,
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-keyout',
      key,
      '-out',
      cert,
    ];
    execFileSync('openssl', args, { stdio: 'ignore' });
    const port = await freePort();
    const env = ['-e', `TLS_KEY=${key}`, '-e', `TLS_CERT=${cert}`];
    await home.ok(['start', app('https-server.js'), '-n', 'web', '-i', '2', '-p', String(port), ...env]);
    const request = httpsGet({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const [answer] = await once(request, 'response');
    let body = '';
    for await (const chunk of answer) body += chunk;
    assert.match(body, /^secure pid \d+/);
    const { ports, urls } = await home.show('web');
    assert.deepEqual(ports, [{ host: null, port, held: true, tls: true }]);
    assert.deepEqual(urls, [`https://localhost:${port}`]);
  });

  test('speaking no HTTP at all', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    await home.ok(['start', app('tcp-echo.js'), '-n', 'echo', '-i', '2', '-p', String(port)]);
    const socket = connect(port, '127.0.0.1');
    socket.end('\0\x01 bytes');
    const [chunk] = await once(socket, 'data');
    assert.equal(String(chunk), '\0\x01 bytes');
  });
});
