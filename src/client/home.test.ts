import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { findHome, prepareHome } from './home.ts';

test('--home comes before HOLDFAST_HOME, that before the user’s own', () => {
  const env = { HOLDFAST_HOME: 'b', HOME: '/home/kim' };
  assert.equal(findHome({ flag: 'a', env, cwd: '/x', uid: 1000 }), '/x/a');
  assert.equal(findHome({ env, cwd: '/x', uid: 1000 }), '/x/b');
  assert.equal(findHome({ env: { HOME: '/home/kim' }, cwd: '/x', uid: 1000 }), '/home/kim/.holdfast');
  assert.equal(
    findHome({ env: { HOLDFAST_HOME: '', HOME: '/root' }, cwd: '/x', uid: 0 }),
    '/var/lib/holdfast',
  );
});

test('a missing home is made for its owner only', async (t) => {
  const home = join(tempDir(t), 'a', 'b');
  await prepareHome(home);
  assert.equal(statSync(home).mode & 0o777, 0o700);
  assert.ok(
    existsSync(join(home, 'run')) && existsSync(join(home, 'logs')) && existsSync(join(home, 'state')),
  );
});

test('a home that others can read is closed to them', async (t) => {
  const home = join(tempDir(t), 'home');
  await prepareHome(home);
  chmodSync(home, 0o755);
  await prepareHome(home);
  assert.equal(statSync(home).mode & 0o777, 0o700);
});

test('a directory with other things in it is left alone, its mode too', async (t) => {
  const home = join(tempDir(t), 'precious');
  mkdirSync(home, { mode: 0o755 });
  writeFileSync(join(home, 'thesis.tex'), '');
  await assert.rejects(prepareHome(home), { code: 'HOME_UNUSABLE', message: /other things in it/ });
  assert.equal(statSync(home).mode & 0o777, 0o755);
});

test('a home that cannot be one says why', async (t) => {
  const dir = tempDir(t);
  const file = join(dir, 'file');
  writeFileSync(file, '');
  await assert.rejects(prepareHome(file), { code: 'HOME_UNUSABLE', message: /not a directory/ });
  await assert.rejects(prepareHome(join(file, 'x')), { code: 'HOME_UNUSABLE', message: /not a directory/ });
  await assert.rejects(prepareHome(join(dir, 'x'.repeat(120))), { code: 'HOME_UNUSABLE', message: /paths/ });
  if (process.platform === 'linux') {
    await assert.rejects(prepareHome('/proc/a/b'), {
      code: 'HOME_UNUSABLE',
      message: /no directory can be made/,
    });
  }
  const home = join(dir, 'home');
  await prepareHome(home);
  const uid = process.getuid?.() ?? 0;
  await assert.rejects(prepareHome(home, uid + 1), { code: 'HOME_UNUSABLE', message: /another user/ });
});
