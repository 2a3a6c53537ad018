import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { unavailable } from '../../test/support/programs.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { carryAssets } from './assets.ts';
import { giveAll, makeAllOurs } from './ours.ts';
import { giveDirectories } from './packages/ownership.ts';
import { removeTree } from './retention/remove.ts';
import { linkShared } from './shared.ts';

/** A release in which a build has made `storage`, `public/assets` and `kept` links to what is not its own. */
function hostile(t: TestContext) {
  const root = tempDir(t);
  const [dir, victim] = [join(root, 'release'), join(root, 'victim')];
  mkdirSync(join(victim, 'uploads'), { recursive: true });
  writeFileSync(join(victim, 'uploads/kept'), '');
  mkdirSync(join(dir, 'public'), { recursive: true });
  for (const name of ['storage', 'public/assets', 'kept']) symlinkSync(victim, join(dir, name));
  return { root, dir, victim, shared: join(root, 'shared') };
}

test('what is shared, and assets, do not lead out of the release by links of the build', (t) => {
  const { root, dir, victim, shared } = hostile(t);
  const link = (path: string) => linkShared({ dir, shared, paths: [path], owner: null });
  mkdirSync(join(shared, 'storage'), { recursive: true });
  assert.throws(() => link('storage/uploads/'), /"storage" is a link/);
  assert.throws(() => link('storage/new/'), /"storage" is a link/);
  // The link itself is not what is shared from now on.
  assert.deepEqual(link('kept/'), []);
  assert.ok(lstatSync(join(shared, 'kept')).isDirectory());
  mkdirSync(join(root, 'before/public/assets'), { recursive: true });
  writeFileSync(join(root, 'before/public/assets/app.1.js'), '');
  assert.throws(
    () => carryAssets(dir, [join(root, 'before')], ['public/assets/']),
    /"public\/assets" is a link/,
  );
  // Nor is anything taken from there.
  assert.equal(carryAssets(join(root, 'before'), [dir], ['public/assets', 'storage/uploads']), 0);
  assert.deepEqual(readdirSync(victim, { recursive: true }).sort(), ['uploads', 'uploads/kept']);
});

describe('as root', () => {
  const other = { uid: 65_534, gid: 65_534 };
  const uidOf = (path: string) => lstatSync(path).uid;
  const asRoot = (name: string, run: (t: TestContext) => void | Promise<void>) =>
    test(name, (t) => (process.getuid?.() === 0 ? run(t) : unavailable(t, 'only root can give files away')));

  asRoot('a tree of somebody else is taken from it before anything in it is removed', async (t) => {
    const dir = join(tempDir(t), 'tree');
    mkdirSync(join(dir, 'a'), { recursive: true });
    mkdirSync(join(dir, 'b'));
    giveAll(dir, other.uid, other.gid);
    const going = removeTree(dir);
    // The first directory below is gone, and others get their turn.
    assert.equal(readdirSync(dir).length, 1);
    assert.deepEqual([uidOf(dir), lstatSync(dir).mode & 0o777], [0, 0o700]);
    await going;
    assert.ok(!existsSync(dir));
  });

  asRoot('directories are taken without following links', (t) => {
    const { dir, victim } = hostile(t);
    giveAll(dir, other.uid, other.gid);
    chownSync(victim, other.uid, other.gid);
    makeAllOurs(dir);
    assert.deepEqual([dir, join(dir, 'public'), victim].map(uidOf), [0, 0, other.uid]);
    assert.equal(uidOf(join(victim, 'uploads')), 0, 'nor given away by way of one');
  });

  asRoot('what becomes shared belongs to the app, and a file of it is for nobody else', (t) => {
    const { root, dir, shared } = hostile(t);
    mkdirSync(join(dir, 'uploads'));
    for (const name of ['uploads/.gitkeep', '.env']) writeFileSync(join(dir, name), '', { mode: 0o644 });
    linkShared({ dir, shared, paths: ['uploads/', '.env'], owner: other });
    for (const name of ['uploads', 'uploads/.gitkeep', '.env'])
      assert.equal(uidOf(join(root, 'shared', name)), other.uid, name);
    assert.equal(lstatSync(join(shared, '.env')).mode & 0o777, 0o600);
  });

  asRoot('the directories of packages are given to who builds', (t) => {
    const { dir, victim } = hostile(t);
    mkdirSync(join(dir, 'node_modules/a'), { recursive: true });
    symlinkSync(victim, join(dir, 'node_modules/b'));
    giveDirectories(dir, other);
    const all = ['', 'node_modules', 'node_modules/a'].map((name) => uidOf(join(dir, name)));
    assert.deepEqual([...all, uidOf(victim)], [other.uid, other.uid, other.uid, 0]);
  });
});
