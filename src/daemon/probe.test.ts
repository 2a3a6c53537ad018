import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { withoutDescriptors } from '../../test/support/no-descriptors.ts';
import { freePort } from '../../test/support/ports.ts';
import { processesWith } from '../../test/support/processes.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { probeCommand, probeHttp, probeTcp } from './probe.ts';

/** Answers with the status that is the path; `/never` not at all, `/endless` without an end. */
async function serve(t: Test, where: string | number): Promise<void> {
  const server = createServer((req, res) => {
    if (req.url === '/never') return;
    if (req.url === '/endless') {
      res.writeHead(200);
      res.write('on and on');
      return;
    }
    res.writeHead(Number(req.url?.slice(1)), { Location: '/elsewhere' }).end();
  });
  server.listen(where);
  await once(server, 'listening');
  cleanup(t, () => {
    server.closeAllConnections();
    server.close();
  });
}

test('over HTTP, on a socket and on a port', async (t) => {
  const path = join(tempDir(t), 'socket');
  const port = await freePort();
  await serve(t, path);
  await serve(t, port);
  for (const place of [
    { kind: 'socket', path, tls: false },
    { kind: 'port', port, tls: false },
  ] as const) {
    for (const well of ['/200', '/204', '/302', '/endless']) {
      assert.equal(await probeHttp(place, well, 500), null, well);
    }
    assert.equal(await probeHttp(place, '/404', 500), 'GET /404 answered 404');
    assert.equal(await probeHttp(place, '/503', 500), 'GET /503 answered 503');
    assert.equal(await probeHttp(place, '/never', 100), 'GET /never had no answer within 100ms');
  }
  const nobody = await freePort();
  assert.match((await probeHttp({ kind: 'port', port: nobody, tls: false }, '/', 500)) ?? '', /ECONNREFUSED/);
});

test('by TCP', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(t, () => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  assert.equal(await probeTcp(port, 500), null);
  assert.match((await probeTcp(await freePort(), 500)) ?? '', /^port \d+: .*ECONNREFUSED/);
});

test('by a command; what it started ends with it', async (t) => {
  const cwd = tempDir(t);
  const run = (text: string, timeoutMs = 5000) => {
    const env = { PATH: process.env.PATH ?? '', MARK: cwd };
    return probeCommand({ file: '/bin/sh', args: ['-c', text], cwd, env }, 'check', timeoutMs);
  };
  assert.equal(await run('exit 0'), null);
  assert.equal(
    await run('echo starting; echo no database >&2; exit 3'),
    '`check` exited with code 3: no database',
  );
  assert.equal(await run('kill -TERM $$'), '`check` was killed by SIGTERM');
  assert.equal(await run('sleep 600 & sleep 600', 200), '`check` did not end within 200ms');
  assert.equal(await run('sleep 600 & exit 0'), null);
  await until(() => processesWith(cwd).length === 0, { why: 'nothing of it is left' });
  const env = { PATH: '' };
  assert.match(
    (await probeCommand({ file: '/no/such/program', args: [], cwd, env }, 'check', 500)) ?? '',
    /^`check`: .*ENOENT/,
  );
});

test('without a descriptor to spare a command is a problem, and no more than that', () => {
  const said = withoutDescriptors(`
    const { probeCommand } = await import('${new URL('./probe.js', import.meta.url)}');
    for (const spare of [0, 2, 4]) {
      exhaust(spare);
      const problem = await probeCommand({ file: '/bin/true', args: [], cwd: '/', env: {} }, 'check', 5000).catch(String);
      say(String(problem));
    }`);
  assert.match(said, /^(.*E[MN]FILE\n){3}$/);
});
