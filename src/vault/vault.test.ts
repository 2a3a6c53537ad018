import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { FakeClock } from '../kit/clock.ts';
import { Vault } from './vault.ts';

const shop = { project: 'shop', app: null };
const web = { project: 'shop', app: 'web' };

function vaultIn(t: TestContext) {
  const home = tempDir(t);
  const clock = new FakeClock(Date.parse('2026-11-23T10:00:00Z'));
  const file = join(home, 'variables/shop.json');
  const key = join(home, 'variables/key');
  return { home, clock, file, key, vault: new Vault(home, clock) };
}

const unreadable = (words: RegExp) => (error: unknown) =>
  (error as { code?: string }).code === 'VARIABLES_UNREADABLE' && words.test(String(error));

test('what is set comes back, for all apps or for one, and says who changed it and when', async (t) => {
  const { vault, home, file, key } = vaultIn(t);
  assert.deepEqual(vault.environment(web), {});
  await vault.change(shop, { URL: 'for all', 'K E': 'ü\nline' }, 'ann@laptop');
  assert.deepEqual(await vault.change(web, { URL: 'for web' }, 'ann@laptop'), { set: ['URL'], removed: [] });
  assert.deepEqual(new Vault(home).environment(web), { URL: 'for web', 'K E': 'ü\nline' });
  assert.deepEqual(vault.environment({ project: 'shop', app: 'jobs' }), { URL: 'for all', 'K E': 'ü\nline' });
  assert.deepEqual(vault.environment({ project: 'other', app: null }), {});
  const [first] = vault.variables('shop');
  assert.deepEqual(
    { by: first?.by, changedAt: first?.changedAt },
    { by: 'ann@laptop', changedAt: '2026-11-23T10:00:00.000Z' },
  );
  for (const one of [file, key]) assert.equal(statSync(one).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /for all|for web/);
});

test('only what differs counts as a change, and what is removed is remembered without its value', async (t) => {
  const { vault } = vaultIn(t);
  await vault.change(shop, { A: '1', B: '' }, 'ann');
  assert.deepEqual(await vault.change(shop, { A: '1', B: null, C: null }, 'bob'), {
    set: [],
    removed: ['B'],
  });
  assert.deepEqual(vault.environment(shop), { A: '1' });
  assert.deepEqual(
    vault.variables('shop').map(({ name, value, by }) => [name, value, by]),
    [
      ['A', '1', 'ann'],
      ['B', null, 'bob'],
    ],
  );
});

test('a file that was changed, cut or put in the place of another is an error, never an empty environment', async (t) => {
  const { vault, file, home } = vaultIn(t);
  await vault.change(shop, { A: 'one', B: 'two' }, 'ann');
  const good = readFileSync(file, 'utf8');
  const parsed = JSON.parse(good);
  const [first, second] = parsed.variables;
  const bad = {
    empty: '',
    half: good.slice(0, good.length / 2),
    'an entry is missing': JSON.stringify({ ...parsed, variables: [first] }),
    'values are swapped': JSON.stringify({
      ...parsed,
      variables: [
        { ...first, sealed: second.sealed },
        { ...second, sealed: first.sealed },
      ],
    }),
    'somebody else did it': JSON.stringify({ ...parsed, variables: [{ ...first, by: 'bob' }, second] }),
    'another value': good.replace(first.sealed, `${first.sealed.slice(0, -8)}AAAAAAA=`),
  };
  for (const [what, text] of Object.entries(bad)) {
    writeFileSync(file, text);
    assert.throws(() => vault.environment(shop), unreadable(/damaged/), what);
    await assert.rejects(vault.change(shop, { C: '3' }, 'ann'), unreadable(/damaged/), what);
  }
  writeFileSync(file, good);
  writeFileSync(join(home, 'variables/other.json'), good);
  assert.throws(() => vault.environment({ project: 'other', app: null }), unreadable(/damaged/));
  assert.deepEqual(vault.environment(shop), { A: 'one', B: 'two' });
});

test('without its key, or with one that others may read, nothing can be read, and no new key is made', async (t) => {
  const { vault, key } = vaultIn(t);
  await vault.change(shop, { A: '1' }, 'ann');
  chmodSync(key, 0o640);
  assert.throws(() => vault.environment(shop), unreadable(/others may read it/));
  rmSync(key);
  assert.throws(() => vault.environment(shop), unreadable(/key .* is missing/));
  await assert.rejects(vault.change({ project: 'new', app: null }, { B: '2' }, 'ann'), unreadable(/missing/));
  await assert.rejects(vault.rotateKey(), unreadable(/missing/));
  writeFileSync(key, '', { mode: 0o600 });
  assert.throws(() => vault.environment(shop), unreadable(/damaged/));
});

test('another key leaves the values as they are, and the old one opens nothing any more', async (t) => {
  const { vault, key, file } = vaultIn(t);
  await vault.change(shop, { A: '1' }, 'ann');
  await vault.change({ project: 'other', app: null }, { B: '2' }, 'ann');
  const old = readFileSync(key, 'utf8');
  const before = readFileSync(file, 'utf8');
  assert.deepEqual([...(await vault.rotateKey())].sort(), ['other', 'shop']);
  assert.deepEqual(vault.environment(shop), { A: '1' });
  assert.equal(vault.variables('shop')[0]?.by, 'ann');
  const now = readFileSync(key, 'utf8');
  writeFileSync(key, old, { mode: 0o600 });
  assert.throws(() => vault.environment(shop), unreadable(/another key/));
  // As it is when the rotation was interrupted before this file.
  const both = { version: 1, keys: [...JSON.parse(now).keys, ...JSON.parse(old).keys] };
  writeFileSync(key, JSON.stringify(both), { mode: 0o600 });
  writeFileSync(file, before);
  assert.deepEqual(vault.environment(shop), { A: '1' });
  await vault.rotateKey();
  assert.equal(JSON.parse(readFileSync(key, 'utf8')).keys.length, 1);
  assert.deepEqual(vault.environment(shop), { A: '1' });
});

test('changes at the same time are all kept', async (t) => {
  const home = tempDir(t);
  const names = Array.from({ length: 8 }, (_, index) => `N${index}`);
  await Promise.all(names.map((name) => new Vault(home).change(shop, { [name]: name }, 'ann')));
  assert.deepEqual(Object.keys(new Vault(home).environment(shop)).sort(), names);
});
