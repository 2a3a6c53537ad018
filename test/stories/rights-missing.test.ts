/** A right that is missing is named, exactly, before anything is changed. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configure } from '../support/config-file.ts';
import { otherUser } from '../support/other-user.ts';
import { plainUser } from '../support/plain-user.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';

test('a user that does not exist: nothing is started, what runs is left as it is', async (t) => {
  const home = testHome(t);
  const web = { run: app('hello.js'), port: await freePort() };
  configure(home, { apps: { web } });
  await home.ok(['up']);
  const [before] = await home.ready('web', 1);
  configure(home, { apps: { web: { ...web, user: 'nobody-of-that-name' } } });
  const { code, stderr } = await home.run(['up']);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot run "web" as "nobody-of-that-name": this machine has no user of that name/);
  const worker = { run: 'sleep 1000', user: 'nor-of-this' };
  configure(home, { apps: { web: { ...web, user: 'nobody-of-that-name' }, worker } });
  const plan = await home.run(['up', '--plan']);
  assert.equal(plan.code, 1, 'a plan that would fail says so');
  assert.match(
    plan.stderr,
    /Cannot run "web" as "nobody-of-that-name"[\s\S]*Cannot run "worker" as "nor-of-this"/,
  );
  const [after] = await home.ready('web', 1);
  assert.equal(after?.pid, before?.pid);
  assert.equal((await home.show('web')).plan.rights.user, null);
});

test('another user, asked of a Holdfast that is not root', async (t) => {
  const home = testHome(t);
  const plain = plainUser(t, home);
  if (!plain) return;
  configure(home, { apps: { web: { run: app('hello.js'), user: 'root' } } });
  const { code, stderr } = await home.run(['up', '--json'], { node: plain.node });
  assert.equal(code, 1);
  const { message } = JSON.parse(stderr.slice(stderr.indexOf('{'))) as { message: string };
  assert.match(
    message,
    /^Cannot run "web" as "root": Holdfast runs as "nobody", and only root may change the user$/,
  );
});

test('an app that its user cannot reach says at which directory the way ends', async (t) => {
  const home = testHome(t);
  const user = otherUser(t, home);
  if (!user) return;
  mkdirSync(join(home.dir, 'closed', 'app'), { recursive: true });
  chmodSync(join(home.dir, 'closed'), 0o700);
  const run = script(home, 'closed/app/server.js', '');
  configure(home, { apps: { web: { run, user: user.name } } });
  const { stderr } = await home.run(['up']);
  assert.match(
    stderr,
    new RegExp(`"${user.name}" may not enter ".*/closed"; move the app to where its user can reach it`),
  );
});
