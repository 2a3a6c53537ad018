/** An instance that runs but is not well is replaced; the others go on. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AppConfig } from '../../src/config/config-types.ts';
import type { CrashRecord } from '../../src/protocol/api.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** Is ill when there is a file `ill-<instance>`, and ends it when it starts anew. */
const patient = `const fs = require('node:fs');
const file = 'ill-' + process.env.HOLDFAST_INSTANCE;
fs.rmSync(file, { force: true });
require('node:http').createServer((req, res) => {
  if (req.url === '/healthz') {
    const { remoteAddress } = req.socket;
    console.log('asked by ' + remoteAddress);
    if (fs.existsSync(file)) res.statusCode = 503;
  }
  res.end('pid ' + process.pid);
}).listen(process.env.PORT);
`;

const health = { path: '/healthz', every: '200ms', failures: 2 } as const;

async function start(home: TestHome, web: Partial<AppConfig>, routed = false): Promise<number> {
  const port = await freePort();
  script(home, 'app.js', patient);
  const run = { run: 'app.js', health, ...web };
  configure(
    home,
    routed
      ? {
          apps: { web: run },
          sites: { '*': { routes: { '/': 'web' } } },
          listen: { http: `127.0.0.1:${port}` },
        }
      : { apps: { web: { ...run, port } } },
  );
  await home.ok(['up']);
  return port;
}

const makeIll = (home: TestHome, slot: number) => writeFileSync(join(home.dir, `ill-${slot}`), '');

for (const routed of [false, true]) {
  const where = routed ? 'behind the edge' : 'with one port for all';
  test(`the one that is ill is replaced, and no other, ${where}`, async (t) => {
    const home = testHome(t);
    await start(home, { instances: 3 }, routed);
    const before = await home.ready('web', 3);
    makeIll(home, 1);
    const { reason } = await happened(home, 'instance.unhealthy', { about: 'web.1' });
    assert.equal(reason, 'its health check failed, 2 times in a row: GET /healthz answered 503');
    await happened(home, 'instance.ready', { about: 'web.1', after: 1 });
    const after = await home.ready('web', 3);
    const kept = after.filter(({ pid }) => before.some((old) => old.pid === pid)).map(({ id }) => id);
    assert.deepEqual(kept, ['web.0', 'web.2']);
    const [crash] = (await home.ok(['crashes', '--json'])).json<CrashRecord[]>();
    assert.equal(crash?.cause, reason);
    // The app sees a client of this machine, as over its port.
    assert.match((await home.ok(['logs', 'web'])).stdout, /asked by (::ffff:)?127\.0\.0\.1/);
  });
}

test('the checks go on when the daemon was killed, and do not hold it against those who are well', async (t) => {
  const home = testHome(t);
  await start(home, { instances: 2 });
  const before = await home.ready('web', 2);
  process.kill(home.daemonPid(), 'SIGKILL');
  await until(() => events(home, 'instance.adopted').length >= 2, { why: 'they are adopted' });
  makeIll(home, 0);
  await happened(home, 'instance.unhealthy', { about: 'web.0' });
  await happened(home, 'instance.ready', { about: 'web.0', after: 1 });
  const after = await home.ready('web', 2);
  assert.equal(after[1]?.pid, before[1]?.pid);
});

test('a command may judge; it has the environment and the directory of the app', async (t) => {
  const home = testHome(t);
  script(home, 'app.js', 'setInterval(() => {}, 1000);');
  const well = script(home, 'well', '');
  const check = `echo "$COLOUR is ill" >&2; test "$COLOUR" = blue -a -e well`;
  const web = {
    run: 'app.js',
    ready: 'started',
    env: { COLOUR: 'blue' },
    health: { command: `sh -c '${check}'`, every: '200ms', failures: 1 },
  } as const;
  configure(home, { apps: { web } });
  await home.ok(['up']);
  await home.ready('web', 1);
  rmSync(well);
  const { reason } = await happened(home, 'instance.unhealthy', { about: 'web.0' });
  assert.match(reason ?? '', /^its health check failed: `sh -c .*` exited with code 1: blue is ill$/);
  script(home, 'well', '');
  await home.ready('web', 1);
});
