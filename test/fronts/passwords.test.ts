/** Who may enter one site may not enter another by that, and what a person filled in stays. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkFiles } from '../../src/cli/export/check.ts';
import { writeBelow } from '../../src/cli/export/write.ts';
import { loadPlan } from '../../src/config/load.ts';
import { placesOf } from '../../src/exporters/places.ts';
import type { Target } from '../../src/exporters/target.ts';
import { targets } from '../../src/exporters/targets.ts';
import type { Test } from '../support/cleanup.ts';
import { requireProgram } from '../support/programs.ts';
import { app } from '../support/root.ts';
import { tempDir } from '../support/temp-dir.ts';

const hash = `scrypt:16384:8:5:${'A'.repeat(22)}:${'A'.repeat(43)}`;

/** Where each front looks for the passwords of a site. */
const looksIn: Readonly<Record<string, RegExp>> = {
  nginx: /auth_basic_user_file (\S+);/g,
  apache: /AuthUserFile (\S+)/g,
  caddy: /\{\$(HOLDFAST_PASSWORD_\w+)/g,
  traefik: /usersFile: (\S+)/g,
  haproxy: /^userlist (\S+)/gm,
};

async function exported(t: Test, name: string, changes: object = {}) {
  const site = { auth: { users: { ann: hash, Ann: hash } }, routes: { '/': 'web' }, ...changes };
  const hosts = ['a.b.test', 'a-b.test', '*.b.test'];
  const dir = tempDir(t);
  const config = {
    apps: { web: app('everything.js') },
    sites: Object.fromEntries(hosts.map((host) => [host, site])),
  };
  writeFileSync(join(dir, 'holdfast.config.json'), JSON.stringify(config));
  const plan = await loadPlan({ cwd: dir, env: process.env });
  const options = { node: '/n', user: null, name: 'holdfast', places: placesOf(plan), isSecret: () => true };
  return { files: targets[name]?.export(plan, options).files ?? [], dir };
}

for (const [name, pattern] of Object.entries(looksIn)) {
  test(`${name}: sites and users whose names differ in a dot or a capital letter have passwords of their own`, async (t) => {
    const { files } = await exported(t, name);
    const places = files.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, place]) => place));
    assert.equal(new Set(places).size, name === 'caddy' ? 6 : 3, places.join(' '));
  });
}

test('caddy: what is called as its own words are is no such word', async (t) => {
  if (!requireProgram(t, 'caddy')) return;
  const { files } = await exported(t, 'caddy', {
    auth: { users: { import: hash } },
    headers: { import: 'x', defer: 'x' },
  });
  await checkFiles(targets.caddy as Target, files);
});

test('users that a person named for HAProxy are there after the next export', async (t) => {
  const { files, dir } = await exported(t, 'haproxy');
  assert.equal(writeBelow(dir, files).length, 4);
  const users = join(dir, 'haproxy/users.a-b.test.cfg');
  const filledIn = `${readFileSync(users, 'utf8')}  user ann insecure-password x\n`;
  writeFileSync(users, filledIn);
  assert.deepEqual(writeBelow(dir, files), [join(dir, 'haproxy/holdfast.cfg')]);
  assert.equal(readFileSync(users, 'utf8'), filledIn);
  const installed = targets.haproxy?.install(files, 'holdfast').files ?? [];
  assert.deepEqual(
    installed.filter(({ once }) => once).map(({ path }) => path),
    ['a.b', 'a-b', '+.b'].map((host) => `/etc/haproxy/holdfast/users.${host}.test.cfg`),
  );
});
