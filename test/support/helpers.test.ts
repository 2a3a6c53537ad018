/** The small helpers: what they promise to the tests that use them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cleanup } from './cleanup.ts';
import { allNodes, thisNode } from './nodes.ts';
import { OwnTest } from './own-test.ts';
import { freePort } from './ports.ts';
import { seen } from './processes.ts';
import { requireProgram } from './programs.ts';
import { smallDisk } from './small-disk.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

describe('cleanup', () => {
  test('undoes the last thing first, and all of them even if one fails', async () => {
    const t = new OwnTest();
    const done: string[] = [];
    cleanup(t, () => done.push('first'));
    cleanup(t, () => {
      throw new Error('the second fails');
    });
    cleanup(t, () => done.push('third'));
    await assert.rejects(t.end(), /the second fails/);
    assert.deepEqual(done, ['third', 'first']);
  });

  test('removes temporary directories', async () => {
    const t = new OwnTest();
    const dir = tempDir(t);
    writeFileSync(join(dir, 'file'), 'x');
    await t.end();
    assert.equal(existsSync(dir), false);
  });
});

describe('until', () => {
  test('answers with what was waited for', async () => {
    let looks = 0;
    assert.equal(await until(() => ++looks === 3 && 'there', { why: 'the third look', every: 1 }), 'there');
  });

  test('says what it waited for, and what went wrong last', async () => {
    const look = () => {
      throw new Error('no such app');
    };
    await assert.rejects(
      until(look, { why: 'web is ready', deadline: 20, every: 1 }),
      /^Error: Waited 0\.02 s in vain until web is ready: no such app$/,
    );
  });
});

test('a free port is one that can be listened on', async (t) => {
  const port = await freePort();
  const server = createServer();
  cleanup(t, () => server.close());
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, () => resolve()));
});

test('a process is known by pid and start time, whatever its name is', (t) => {
  const me = seen(process.pid);
  if (process.platform !== 'linux') return t.skip('needs /proc');
  assert.equal(me?.parent, process.ppid);
  assert.ok(me.startTime > 0);
  assert.equal(seen(2 ** 22 + 1), undefined);
});

test('a small disk is full when it is full', (t) => {
  const dir = smallDisk(t, 256 * 1024);
  if (dir === undefined) return;
  writeFileSync(join(dir, 'fits'), Buffer.alloc(64 * 1024));
  assert.throws(() => writeFileSync(join(dir, 'does-not'), Buffer.alloc(512 * 1024)), { code: 'ENOSPC' });
});

test('a missing program is a skip, or with HOLDFAST_TEST_ALL a failure', () => {
  const t = new OwnTest();
  const before = process.env.HOLDFAST_TEST_ALL;
  try {
    delete process.env.HOLDFAST_TEST_ALL;
    assert.equal(requireProgram(t, 'no-such-program'), undefined);
    assert.equal(t.skipped, 'needs the program "no-such-program"');
    process.env.HOLDFAST_TEST_ALL = '1';
    assert.throws(() => requireProgram(t, 'no-such-program'), /run scripts\/test-deps$/);
    assert.match(requireProgram(t, 'sh') ?? '', /\/sh$/);
  } finally {
    if (before === undefined) delete process.env.HOLDFAST_TEST_ALL;
    else process.env.HOLDFAST_TEST_ALL = before;
  }
});

test('the other versions of Node are what they say', () => {
  const nodes = allNodes();
  assert.ok(nodes.includes(thisNode));
  for (const { path, version } of nodes) {
    assert.equal(execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(), `v${version}`);
  }
});
