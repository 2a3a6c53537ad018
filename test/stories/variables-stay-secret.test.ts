/** Variables of `hold env` reach the app and nothing else; who changed what is known. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HoldfastEvent } from '../../src/protocol/events.ts';
import { cleanup } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { script } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const said = `require('node:http').createServer((req, res) => {
  const { SECRET, SHARED, FILE } = process.env;
  if (req.url === '/crash') setImmediate(() => { throw new Error('as asked'); });
  // So that each question goes to the instance of the moment.
  res.setHeader('Connection', 'close');
  res.end(JSON.stringify({ SECRET, SHARED, FILE }));
}).listen(process.env.PORT);
`;

test('what is set reaches the app at its next start, counts more than the configuration, and is nowhere to be read', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  script(home, 'server.js', said);
  script(home, '.env', 'FILE=file\nSECRET=file\n');
  const web = { run: 'server.js', port, envFile: '.env', env: { SHARED: 'config' } };
  configure(home, { name: 'shop', apps: { web } });
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/`)).json();
  await home.ok(['env', 'set', 'SECRET'], { input: 'hunter2' });
  await home.ok(['up']);
  assert.deepEqual(await ask(), { SECRET: 'hunter2', SHARED: 'config', FILE: 'file' });

  await home.ok(['env', 'set', '--stdin', '--app', 'web'], { input: 'SHARED=hunter3\n' });
  assert.deepEqual(await ask(), { SECRET: 'hunter2', SHARED: 'config', FILE: 'file' });
  const stale = await home.ok(['show', 'web']);
  assert.match(stale.stdout, /values that SHARED had before: `hold reload web`/);
  const reloaded = await home.ok(['env', 'rm', 'SECRET', '--reload']);
  assert.match(reloaded.stderr, /web is reloaded/);
  assert.deepEqual(await ask(), { SECRET: 'file', SHARED: 'hunter3', FILE: 'file' });
  const once = await home.ok(['run', 'web', '--', process.execPath, '-p', 'process.env.SHARED']);
  assert.equal(once.stdout, 'hunter3\n');

  await fetch(`http://127.0.0.1:${port}/crash`).catch(() => null);
  await happened(home, 'instance.crashed', { about: 'web' });
  await home.ready('web', 1);
  const shown = await home.ok(['show', 'web', '--json']);
  const crashes = await home.ok(['crashes', 'web', '--json']);
  assert.doesNotMatch(shown.stdout + crashes.stdout, /hunter/);
  for (const [file, text] of filesBelow(home.paths.home)) assert.doesNotMatch(text, /hunter/, file);

  const changes = events(home, 'env.changed');
  assert.deepEqual(
    changes.map(({ app, data }) => [app, data?.set, data?.removed]),
    [
      ['web', ['SHARED'], []],
      [undefined, [], ['SECRET']],
    ],
  );
  const audit = (await home.ok(['events', '--audit', '--json'])).stdout.trim().split('\n');
  const asked = audit.map((line) => JSON.parse(line) as HoldfastEvent);
  assert.deepEqual(
    asked.map(({ type }) => type),
    ['app.changed', 'env.changed', 'env.changed', 'app.changed'],
  );
  for (const { data } of asked) assert.match(String(data?.by), /.@./);

  // From here on nothing of it can be read: what runs goes on, and nothing starts without what it needs.
  const file = join(home.paths.home, 'variables/shop.json');
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, -10));
  const failed = await home.run(['reload', 'web']);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /Cannot read the variables .*: the file is damaged/);
  assert.deepEqual(await ask(), { SECRET: 'file', SHARED: 'hunter3', FILE: 'file' });
});

test('webhooks hear of an app that is given up, and of a daemon that was killed', async (t) => {
  const home = testHome(t);
  const heard: { title: string; project: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    heard.push(JSON.parse(body));
    response.end();
  }).listen(0, '127.0.0.1');
  cleanup(t, () => server.close());
  await until(() => server.listening, { why: 'the place that is told' });
  script(home, 'url', `http://127.0.0.1:${(server.address() as AddressInfo).port}/T0/hidden\n`);
  script(home, 'bad.js', 'process.exit(1);');
  configure(home, {
    name: 'shop',
    notify: [{ url: 'file:url', style: 'json', on: ['crashes', 'daemon'] }],
    apps: { bad: { run: 'bad.js', restart: { backoff: ['1ms', '1ms'], giveUpAfter: { crashes: 2 } } } },
  });
  await home.run(['up']);
  const told = (words: RegExp) =>
    until(() => heard.find(({ title }) => words.test(title)), { why: String(words) });
  assert.equal((await told(/bad\.0 keeps crashing/)).project, 'shop');
  assert.match((await home.ok(['notify', 'test'])).stderr, /✔ .*url: it answered 200/);
  process.kill(home.daemonPid(), 'SIGKILL');
  await told(/Holdfast is back/);
  assert.doesNotMatch(readFileSync(join(home.paths.state, 'journal.ndjson'), 'utf8'), /hidden/);
});

/** Those that go away meanwhile, such as what is about to be renamed, are left out. */
function filesBelow(dir: string): [string, string][] {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8', withFileTypes: true });
  return files.flatMap((file): [string, string][] => {
    const path = join(file.parentPath, file.name);
    try {
      return file.isFile() ? [[path, readFileSync(path, 'utf8')]] : [];
    } catch {
      return [];
    }
  });
}
