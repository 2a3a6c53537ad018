/** What `hold export dockerfile` writes becomes an image that runs as it says: built by a real engine, nothing downloaded. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.ts';
import { imageStore } from '../support/images.ts';
import { freePort } from '../support/ports.ts';
import { tinyRegistry } from '../support/registry.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const BUILD = `const { stamp } = require('stamp');
require('node:fs').writeFileSync('built.txt', stamp);
`;
const SERVER = `const { greeting } = require('greet');
const built = require('node:fs').readFileSync('built.txt', 'utf8');
let wrote = 'no';
try { require('node:fs').writeFileSync('wrote', 'x'); wrote = 'yes'; } catch {}
const server = require('node:http').createServer((_, response) =>
  response.end(JSON.stringify({ greeting, built, wrote, uid: process.getuid(), node: process.env.NODE_ENV })));
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

test('a Dockerfile that was written for an app: installed, built, small, not root, healthy', async (t) => {
  const store = imageStore(t);
  if (!store) return;
  const registry = await tinyRegistry(t, [
    { name: 'greet', version: '1.2.3', files: { 'index.js': "exports.greeting = 'hello';" } },
    { name: 'stamp', version: '1.0.0', files: { 'index.js': "exports.stamp = 'built well';" } },
  ]);
  const home = testHome(t);
  const port = await freePort();
  const app = join(home.dir, 'shop');
  mkdirSync(app);
  const write = (name: string, content: unknown) =>
    writeFileSync(join(app, name), typeof content === 'string' ? content : JSON.stringify(content));
  const packages = { dependencies: { greet: '1.2.3' }, devDependencies: { stamp: '1.0.0' } };
  write('package.json', { name: 'shop', version: '1.0.0', ...packages, scripts: { build: 'node build.js' } });
  write('package-lock.json', {
    name: 'shop',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: {
      '': { name: 'shop', version: '1.0.0', ...packages },
      'node_modules/greet': registry.entry('greet', '1.2.3'),
      'node_modules/stamp': { ...registry.entry('stamp', '1.0.0'), dev: true },
    },
  });
  write('build.js', BUILD);
  write('server.js', SERVER);
  write('.env', 'SECRET=not for the image');
  write('holdfast.config.json', { apps: { web: { run: 'server.js', port, instances: 2 } } });
  await home.ok(['export', 'dockerfile', '--out', '.'], { cwd: app });

  const text = readFileSync(join(app, 'Dockerfile'), 'utf8');
  const base = /^FROM (\S+) AS base$/m.exec(text)?.[1] ?? '';
  const target = /^# docker build --target (\S+)/m.exec(text)?.[1] ?? '';
  await store.makeNodeImage(`docker.io/library/${base}`);
  const npmrc = join(home.dir, 'npmrc');
  writeFileSync(npmrc, `registry=${registry.url}\n`);
  await store.build(app, ['--secret', `id=npmrc,src=${npmrc}`, '--target', target, '--tag', 'shop:1']);

  const config = await store.config('shop:1');
  assert.equal(config.User, '1000:1000');
  assert.equal(config.StopSignal, 'SIGTERM');
  const { id, root } = await store.container('shop:1');
  const has = (path: string) => existsSync(join(root, 'app', path));
  assert.ok(has('node_modules/greet'));
  for (const path of ['node_modules/stamp', '.npmrc', '.env', 'Dockerfile']) assert.ok(!has(path), path);
  assert.equal(statSync(join(root, 'app/server.js')).uid, 0);

  const [program = '', ...args] = store.command(id, config.Cmd);
  const running = spawn(program, args, { stdio: 'ignore' });
  cleanup(t, () => void running.kill('SIGKILL'));
  const answer = await until(async () => (await fetch(`http://127.0.0.1:${port}/`)).json(), {
    why: 'it answers',
  });
  assert.deepEqual(answer, {
    greeting: 'hello',
    built: 'built well',
    wrote: 'no',
    uid: 1000,
    node: 'production',
  });
  const [health = '', ...more] = store.command(id, config.Healthcheck?.Test.slice(1) ?? []);
  const healthy = () =>
    new Promise<number | null>((resolve) => spawn(health, more, { stdio: 'ignore' }).once('exit', resolve));
  assert.equal(await healthy(), 0);
  running.kill('SIGTERM');
  await new Promise((resolve) => running.once('exit', resolve));
  assert.notEqual(await healthy(), 0);
});
