import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../../test/support/cleanup.ts';
import { smallDisk } from '../../test/support/small-disk.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { readNewest, writeAtomic, writeAtomicSync } from './atomic-file.ts';

const variants = {
  async: writeAtomic,
  sync: async (...args: Parameters<typeof writeAtomicSync>) => writeAtomicSync(...args),
};

for (const [name, write] of Object.entries(variants)) {
  test(`${name}: replaces the file, private to the user, and leaves nothing else`, async (t) => {
    const file = join(tempDir(t), 'state.json');
    await write(file, 'one');
    await write(file, 'two', { sync: false });
    assert.equal(readFileSync(file, 'utf8'), 'two');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(file, '..')), ['state.json']);
  });

  test(`${name}: its temporary file is never one that is there already`, async (t) => {
    const dir = tempDir(t);
    const other = join(dir, 'other');
    writeFileSync(other, 'untouched');
    const file = join(dir, 'state.json');
    await write(file, 'one');
    // The names are foreseeable.
    for (let n = 0; n < 100; n++) symlinkSync(other, `${file}.${process.pid}-${n}.tmp`);
    await write(file, 'two', { mode: 0o644 });
    assert.equal(readFileSync(other, 'utf8'), 'untouched');
    assert.equal(readFileSync(file, 'utf8'), 'two');
    assert.ok(!lstatSync(file).isSymbolicLink());
  });

  test(`${name}: keeps previous generations`, async (t) => {
    const file = join(tempDir(t), 'state.json');
    for (const text of ['1', '2', '3', '4']) await write(file, text, { generations: 2 });
    assert.deepEqual(readdirSync(join(file, '..')), ['state.json', 'state.json.1', 'state.json.2']);
    assert.equal(readFileSync(file, 'utf8'), '4');
    assert.equal(readFileSync(`${file}.1`, 'utf8'), '3');
    assert.equal(readFileSync(`${file}.2`, 'utf8'), '2');
  });

  test(`${name}: a full disk leaves what was there`, async (t) => {
    const disk = smallDisk(t, 256 * 1024);
    if (!disk) return;
    const file = join(disk, 'state.json');
    await write(file, 'before', { generations: 1 });
    await assert.rejects(write(file, 'x'.repeat(1_000_000), { generations: 1 }), { code: 'ENOSPC' });
    assert.equal(readFileSync(file, 'utf8'), 'before');
    assert.deepEqual(readdirSync(disk), ['state.json']);
  });
}

test('unfinished writes of one file take effect in the order of the calls', async (t) => {
  const file = join(tempDir(t), 'state.json');
  await Promise.all(Array.from({ length: 20 }, (_, n) => writeAtomic(file, String(n), { generations: 1 })));
  assert.equal(readFileSync(file, 'utf8'), '19');
  assert.equal(readFileSync(`${file}.1`, 'utf8'), '18');
});

test('a failed write does not stop the next', async (t) => {
  const dir = join(tempDir(t), 'missing');
  const file = join(dir, 'state.json');
  await assert.rejects(writeAtomic(file, 'lost'), { code: 'ENOENT' });
  mkdirSync(dir);
  await writeAtomic(file, 'kept');
  assert.equal(readFileSync(file, 'utf8'), 'kept');
});

test('reading finds the newest generation', async (t) => {
  const file = join(tempDir(t), 'state.json');
  for (const n of [1, 2]) await writeAtomic(file, JSON.stringify({ n }), { generations: 1 });
  assert.deepEqual(await readNewest(file, JSON.parse, { generations: 1 }), {
    value: { n: 2 },
    generation: 0,
    damaged: [],
  });
});

test('a damaged file is set aside and the generation before it is used', async (t) => {
  const file = join(tempDir(t), 'state.json');
  for (const n of [1, 2]) await writeAtomic(file, JSON.stringify({ n }), { generations: 1 });
  writeFileSync(file, '{"n":');
  const found = await readNewest(file, JSON.parse, { generations: 1, now: Date.UTC(2026, 10, 23, 12) });
  assert.deepEqual(found.value, { n: 1 });
  assert.equal(found.generation, 1);
  assert.equal(found.damaged.length, 1);
  assert.equal(found.damaged[0]?.setAside, `${file}.corrupt-20261123T120000-000Z`);
  assert.equal(readFileSync(`${file}.corrupt-20261123T120000-000Z`, 'utf8'), '{"n":');
});

test('no file and no valid file are told apart', async (t) => {
  const file = join(tempDir(t), 'state.json');
  assert.deepEqual(await readNewest(file, JSON.parse), {
    value: undefined,
    generation: undefined,
    damaged: [],
  });
  writeFileSync(file, '');
  const found = await readNewest(file, JSON.parse);
  assert.equal(found.value, undefined);
  assert.equal(found.damaged.length, 1);
});

test('a file that cannot be read is an error, not a damaged one', async (t) => {
  const file = join(tempDir(t), 'state.json');
  mkdirSync(file);
  await assert.rejects(readNewest(file, JSON.parse), { code: 'EISDIR' });
});

test('a writer that is killed leaves a whole file, and its rest is cleaned up', async (t) => {
  const file = join(tempDir(t), 'state.json');
  await writeAtomic(file, 'x'.repeat(100_000));
  const module = new URL('./atomic-file.js', import.meta.url).href;
  const script = `import { writeAtomicSync } from ${JSON.stringify(module)};
    console.log('ready');
    for (let n = 0; ; n++) writeAtomicSync(${JSON.stringify(file)}, String(n % 10).repeat(100_000), { sync: false, generations: 1 });`;
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanup(t, () => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const before = readFileSync(file, 'utf8');
    await until(() => readFileSync(file, 'utf8') !== before, { why: 'it writes', every: 1 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const name of [file, `${file}.1`]) assert.match(readFileSync(name, 'utf8'), /^(.)\1{99999}$/);
    await readNewest(file, (text) => text);
    assert.deepEqual(readdirSync(join(file, '..')), ['state.json', 'state.json.1']);
  }
});
