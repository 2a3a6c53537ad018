/** Secrets come from files at each start. Nothing keeps them, nothing shows them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configure } from '../support/config-file.ts';
import { happened } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { script } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';

const TELLER = `require('node:http').createServer((req, res) => res.end(process.env.DB_PASSWORD)).listen(process.env.PORT);`;

test('a secret reaches the app, a new one with the next start, and is found nowhere in the home', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const file = join(home.dir, 'db-password');
  writeFileSync(file, 'correct horse\n');
  const run = script(home, 'teller.js', TELLER);
  configure(home, { apps: { web: { run, port, secrets: { DB_PASSWORD: './db-password' } } } });
  await home.ok(['up']);
  const ask = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    return await answer.text();
  };
  assert.equal(await ask(), 'correct horse');
  writeFileSync(file, 'battery staple');
  assert.match((await home.ok(['up'])).stdout + (await home.ok(['ls'])).stdout, /web/);
  assert.equal(await ask(), 'correct horse');
  await home.ok(['reload', 'web']);
  await home.ready('web', 1);
  assert.equal(await ask(), 'battery staple');

  const shown = [
    await home.ok(['show', 'web']),
    await home.ok(['show', 'web', '--json']),
    await home.ok(['events', '--json']),
  ].map(({ stdout }) => stdout);
  assert.ok(shown[0]?.includes('db-password'), 'the name of the file is no secret');
  assert.doesNotMatch(shown.join(''), /correct horse|battery staple/);
  assert.deepEqual(filesWith(home.paths.home, /correct horse|battery staple/), []);
});

test('without its secret an app is not started, says why, and is tried again', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const file = join(home.dir, 'late');
  const run = script(home, 'teller.js', TELLER);
  configure(home, { apps: { web: { run, port, secrets: { DB_PASSWORD: './late' } } } });
  const { code, stderr } = await home.run(['up']);
  assert.equal(code, 1);
  assert.match(stderr, /cannot read the secret "DB_PASSWORD" from ".*late": there is no such file/);
  await happened(home, 'instance.backoff', { about: 'web' });
  writeFileSync(`${file}.new`, 'here now');
  renameSync(`${file}.new`, file);
  await home.ready('web', 1);
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'here now');
});

/** Regular files below a directory whose content matches. */
function filesWith(dir: string, pattern: RegExp): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => pattern.test(readFileSync(path, 'latin1')));
}
