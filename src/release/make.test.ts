import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { HoldfastError } from '../errors.ts';
import { systemClock } from '../kit/clock.ts';
import { thisMachine } from '../launch/machine.ts';
import { builderOf } from './builder.ts';
import { type MakeOptions, makeRelease } from './make.ts';
import { ownNode } from './node/runtime.ts';
import { makeReleaseDirs, releasePaths } from './paths.ts';
import { RecordFiles } from './records.ts';
import type { PackageTools, Source } from './seams.ts';
import { createFileStore } from './store/file-store.ts';
import { treeOf } from './tree.ts';

const files: Readonly<Record<string, string>> = {
  'holdfast.config.json': JSON.stringify({ apps: { web: { run: 'server.js' } } }),
  'server.js': 'setInterval(() => {}, 1000);',
};

/** @param bytes how large server.js is said to be */
function source(bytes?: number): Source {
  const entries = Object.entries(files).map(([path, text]) => {
    const size = path === 'server.js' && bytes ? bytes : text.length;
    const hash = createHash('sha256').update(text).digest('hex');
    return { kind: 'file', path, hash, executable: false, size } as const;
  });
  const tree = treeOf(entries);
  return {
    record: {
      kind: 'directory',
      from: '/srv/shop',
      ref: null,
      commit: null,
      author: null,
      subject: null,
      dirty: false,
      treeHash: tree.hash,
    },
    tree,
    notes: [],
    async *read({ path }) {
      yield Buffer.from(files[path] ?? '');
    },
    async close() {},
  };
}

const withoutPackages: PackageTools = {
  node: async () => ownNode(),
  prepare: async () => null,
  produce: async () => null,
  plan: async (plan) => plan,
  managerOf: () => 'npm',
};

function surroundings(t: TestContext) {
  const paths = releasePaths(join(tempDir(t), 'home'), 'shop');
  makeReleaseDirs(paths);
  const synced: string[][] = [];
  const options: MakeOptions = {
    paths,
    project: 'shop',
    source: source(),
    config: null,
    by: { user: 'ann', host: 'app1', via: 'local' },
    shellEnv: { PATH: process.env.PATH ?? '' },
    machine: thisMachine(),
    clock: systemClock,
    store: createFileStore(paths.store),
    tools: withoutPackages,
    allowNew: [],
    offline: false,
    signal: new AbortController().signal,
    onBegin() {},
    onStep() {},
    onLine() {},
    onNote() {},
    sync: async (dir) => void synced.push([dir, ...readdirSync(dir).sort()]),
  };
  return { paths, options, synced };
}

test('a release is on the disk before it is made, and nothing of the build before decides about it', async (t) => {
  const { paths, options, synced } = surroundings(t);
  const left = join(paths.buildHome, builderOf(null, [], thisMachine()).name);
  mkdirSync(join(left, '.cache/pip'), { recursive: true });
  writeFileSync(join(left, '.npmrc'), 'registry=https://evil.example');
  const { record } = await makeRelease(options);
  assert.equal(record.outcome, 'made');
  assert.deepEqual(synced, [[join(paths.releases, record.id), ...Object.keys(files).sort()]]);
  assert.deepEqual(readdirSync(left), ['.cache']);
});

test('what a registry cannot do is told with the first release, and kept with each', async (t) => {
  const { paths, options } = surroundings(t);
  const told: string[] = [];
  const record = {
    manager: 'npm',
    managerVersion: '11.0.0',
    lockfile: 'package-lock.json',
    lockfileHash: '',
    count: 0,
    reused: false,
    notes: ['no signatures', 'a vulnerability'],
  };
  const produce = async () => ({ record, lasting: ['no signatures'], packages: [], sbom: '{}', trees: [] });
  const tools = { ...options.tools, produce };
  for (const turn of [0, 1]) {
    const { record: made } = await makeRelease({ ...options, tools, onNote: (note) => told.push(note) });
    if (turn === 0) symlinkSync(join('releases', made.id), paths.current);
    assert.deepEqual(made.packages?.notes, record.notes, String(turn));
  }
  assert.deepEqual(told, ['no signatures', 'a vulnerability', 'a vulnerability']);
});

test('a release for which there is no room is refused before anything of it is written', async (t) => {
  const { paths, options } = surroundings(t);
  await assert.rejects(
    makeRelease({ ...options, source: source(2 ** 60) }),
    (error) => error instanceof HoldfastError && error.code === 'DISK_FULL',
  );
  assert.deepEqual(readdirSync(paths.releases), []);
  const [record] = new RecordFiles(paths.records).list();
  assert.equal(record?.outcome, 'failed');
  assert.match(record?.reason ?? '', /it needs up to .* are free/);
  assert.equal(existsSync(paths.current), false);
});
