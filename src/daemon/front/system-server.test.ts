/** The one file of a server of the machine: whose it is, when it counts, and what is taken back. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../../../test/support/ports.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { edgeDefaults } from '../../config/app-defaults.ts';
import { systemClock } from '../../kit/clock.ts';
import type { Rendered } from './rendering.ts';
import { SystemServer } from './system-server.ts';

const none: ReadonlySet<number> = new Set();

function world(t: TestContext) {
  const dir = tempDir(t);
  const conf = join(dir, 'conf.d');
  mkdirSync(conf);
  const log = join(dir, 'reloads');
  // Whoever waits for something finds that its time is over.
  let time = 0;
  const clock = { ...systemClock, now: () => (time += 6000) };
  return {
    conf,
    file: join(conf, 'holdfast.caddy'),
    home: (name: string) => join(dir, name),
    reloads: () => (existsSync(log) ? readFileSync(log, 'utf8').length : 0),
    server: (name = 'a', file = join(conf, 'holdfast.caddy'), reload = ['sh', '-c', `echo >>'${log}'`]) =>
      new SystemServer({ server: 'caddy', file, check: ['true'], reload }, file, {
        clock,
        dir: join(dir, name),
      }),
  };
}

/** @param port the server is to listen there; 0: nowhere */
function rendered(port: number): Rendered {
  const edge = { ...edgeDefaults, http: { host: '127.0.0.1', port } };
  const plan = { source: null, apps: {}, sites: {}, edge, logsTotalBytes: null, egress: null, front: null };
  return { text: port === 0 ? '# nothing\n' : `http://*:${port} {\n}\n`, losses: [], plan: plan as never };
}

test('what was written and not taken up, as when a daemon is killed in between, is put again', async (t) => {
  const { server, reloads, home, file, conf } = world(t);
  const one = server();
  await one.put(rendered(0));
  assert.deepEqual([one.has(rendered(0)), reloads()], [true, 1]);
  assert.equal(statSync(file).mode & 0o777, 0o644);
  assert.deepEqual(readdirSync(conf), ['holdfast.caddy'], 'and nothing else is left');
  rmSync(home('a'), { recursive: true });
  assert.equal(one.has(rendered(0)), false);
  await one.put(rendered(0));
  assert.deepEqual([one.has(rendered(0)), reloads()], [true, 2]);
  await one.withdraw();
  assert.deepEqual([existsSync(file), reloads()], [false, 3]);
});

test('a file of another home, of `hold export` or of a person is not touched', async (t) => {
  const { server, file } = world(t);
  await server('a').put(rendered(0));
  const text = readFileSync(file, 'utf8');
  await assert.rejects(server('b').check(rendered(0), none), /there is one of another home of Holdfast/);
  await server('b').withdraw();
  assert.equal(readFileSync(file, 'utf8'), text);
  writeFileSync(file, '# Written by `hold export caddy`.\n');
  await assert.rejects(server('a').put(rendered(0)), /there is one that `hold export` has written/);
  writeFileSync(file, 'example.com {\n}\n');
  await assert.rejects(server('a').put(rendered(0)), /there is one that Holdfast has not written/);
});

test('where nothing listens after the reload, or nothing is reloaded, the file is taken back and the reason told', async (t) => {
  const { server, file, conf } = world(t);
  const port = await freePort();
  await assert.rejects(
    server().put(rendered(port)),
    new RegExp(`does not listen at 127.0.0.1:${port} after`),
  );
  await assert.rejects(
    server('a', file, ['false']).put(rendered(0)),
    /^HoldfastError: Cannot reload Caddy: `false` ended with 1 and said nothing$/,
  );
  assert.deepEqual(readdirSync(conf), []);
  const nowhere = server('a', join(conf, 'typo', 'holdfast.caddy'));
  await assert.rejects(nowhere.check(rendered(0), none), /there is no directory ".*typo"/);
});
