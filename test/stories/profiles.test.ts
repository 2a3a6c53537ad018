/** A running instance is looked into without a restart: what is wanted is there, in the formats of the tools, and nothing else happens to it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Client } from '../../src/client/client.ts';
import { connectNow } from '../../src/client/connect.ts';
import { HoldfastError } from '../../src/errors.ts';
import type { ProfileKind, ProfileView } from '../../src/protocol/profile.ts';
import { cleanup } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events } from '../support/journal.ts';
import { allNodes } from '../support/nodes.ts';
import { freePort } from '../support/ports.ts';
import { script } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/**
 * Works for a while now and then; `/block` never ends. The function is a new one each time: one that V8 has long inlined into its
 * caller has no name any more.
 */
const worker = `const http = require('node:http');
const vm = require('node:vm');
let times = 0;
function hash(ms) {
  times += 1;
  const source = '(function hash(ms) { const end = Date.now() + ms; while (Date.now() < end) ; }) //' + times;
  vm.runInThisContext(source, 'work.js')(ms);
}
setInterval(hash, 20, 10);
http.createServer((req, res) => {
  if (req.url === '/block') {
    require('node:fs').writeFileSync('blocked', '');
    hash(600000);
  }
  res.end('pid ' + process.pid);
}).listen(process.env.PORT);
`;

const looksRight: Readonly<Record<ProfileKind, (value: never) => void>> = {
  cpu: (value: { nodes: unknown[]; samples: number[]; timeDeltas: number[] }) => {
    assert.ok(value.samples.length > 0 && value.samples.length === value.timeDeltas.length);
  },
  alloc: (value: { head: { callFrame: unknown } }) => assert.ok(value.head.callFrame),
  heap: (value: { snapshot: { node_count: number }; nodes: number[]; strings: string[] }) => {
    assert.ok(value.snapshot.node_count > 1000 && value.nodes.length > value.snapshot.node_count);
    assert.ok(value.strings.length > 100);
  },
  report: (value: { header: { nodejsVersion: string } }) => {
    assert.match(value.header.nodejsVersion, /^v/);
    assert.doesNotMatch(JSON.stringify(value), /hunter2|DB_PASSWORD/);
  },
};

/** A busy machine may not give the sampler a turn while the function runs. */
function showsWork({ file }: Pick<ProfileView, 'file'>): boolean {
  return /"functionName":"hash"/.test(readFileSync(file, 'utf8'));
}

function check({ kind, file, bytes }: ProfileView): void {
  const stat = statSync(file);
  assert.equal(stat.mode & 0o777, 0o600);
  assert.equal(stat.size, bytes);
  looksRight[kind](JSON.parse(readFileSync(file, 'utf8')) as never);
}

async function refused(promise: Promise<unknown>): Promise<HoldfastError> {
  const outcome = await promise.then(
    () => new Error('it was not refused'),
    (error: unknown) => error,
  );
  if (outcome instanceof HoldfastError) return outcome;
  throw outcome;
}

/** Resolves when a profile of it is being taken. What is asked for is never taken, but the error tells why. */
function begun(client: Client, app: string, slot: number): Promise<HoldfastError> {
  return until(
    async () => {
      const error = await refused(client.profile(app, { kind: 'cpu', slot, forMs: 1 }));
      return error.code === 'BUSY' && error;
    },
    { why: `${app}.${slot} is being profiled` },
  );
}

test('CPU, heap, allocations and report on every Node; while it is blocked, is stopped early, dies, or may not', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  script(home, 'work.js', worker);
  const common = { run: 'work.js', env: { DB_PASSWORD: 'hunter2' }, stop: { timeout: '200ms' } };
  configure(home, {
    apps: {
      web: { ...common, port, watchdog: '30s' },
      two: { ...common, instances: 2, port: await freePort() },
      closed: { ...common, port: await freePort(), permissions: {} },
      other: 'sleep 1000',
    },
  });
  await home.ok(['up']);
  const client = await connectNow(home.paths.home);
  assert.ok(client);
  cleanup(t, () => client.close());

  // Each kind, on each Node, one app beside the other.
  const plan = await client.plan('two');
  const looks = allNodes().map(async ({ major, path, version }) => {
    const name = `node${major}`;
    const node = { wanted: String(major), found: { path, version } };
    await client.startApp({
      ...plan,
      name,
      instances: 1,
      port: await freePort(),
      node: { ...plan.node, ...node },
    });
    const [before] = await home.ready(name, 1);
    for (const kind of ['cpu', 'alloc', 'heap', 'report'] as const) {
      check(await client.profile(name, { kind, forMs: 300 }));
    }
    await until(async () => showsWork(await client.profile(name, { kind: 'cpu', forMs: 300 })), {
      why: `the profile of ${name} shows where the time goes`,
    });
    const [after] = await home.ready(name, 1);
    assert.equal(after?.pid, before?.pid);
    assert.equal(after?.restarts, 0);
    assert.ok(events(home, 'instance.profiled', name).length >= 5);
  });
  await Promise.all(looks);
  const [event] = events(home, 'instance.profiled');
  assert.match(String(event?.data?.by), /\S/);

  // Its event loop does not come back; its watchdog lets it be as long as somebody looks.
  const blocked = fetch(`http://127.0.0.1:${port}/block`).catch(() => undefined);
  await until(() => existsSync(join(home.dir, 'blocked')), { why: 'it is blocked' });
  const stuck = await client.profile('web', { kind: 'cpu', forMs: 500 });
  check(stuck);
  assert.ok(showsWork(stuck));

  // Who has seen enough ends it, and has what there is; a second one is told who is at it.
  const file = join(home.dir, 'early.cpuprofile');
  const early = home.background(['profile', 'two.1', '--cpu', '10m', '-o', file]);
  assert.match(
    (await begun(client, 'two', 1)).message,
    /^Cannot profile "two\.1": it is being profiled by \S+ since /,
  );
  assert.equal(await early.stop('SIGINT'), 0, early.stderr());
  looksRight.cpu(JSON.parse(readFileSync(file, 'utf8')) as never);
  assert.match(early.stdout(), /^idle \d+% of /m);
  assert.ok(early.stderr().includes(file));

  const dying = refused(client.profile('two', { kind: 'cpu', slot: 0, forMs: 600_000 }));
  await begun(client, 'two', 0);
  const first = (await home.ready('two', 2)).find(({ slot }) => slot === 0);
  process.kill(first?.pid ?? 0, 'SIGKILL');
  assert.match((await dying).message, /^Cannot profile "two\.0": the process ended before it was done$/);

  // Node's permission model: no inspector, but the rest.
  const closed = await refused(client.profile('closed', { kind: 'cpu', forMs: 200 }));
  assert.match(closed.hint, /permission model/);
  check(await client.profile('closed', { kind: 'heap' }));
  assert.match(
    (await refused(client.profile('other', { kind: 'cpu' }))).message,
    /it is no Node\.js program$/,
  );
  await client.stop('web');
  await blocked;
});
