/** Promise 6: bad input gets one clear answer, exit code 1 or 2, and changes nothing. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { HoldResult } from '../support/hold.ts';
import { events } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';

/** The message is one line, and a hint may follow: no stack, nothing on stdout. */
function assertClear({ code, stderr, stdout }: HoldResult, exit: 1 | 2, message: RegExp): void {
  assert.match(stderr, message);
  assert.equal(code, exit, stderr);
  assert.equal(stdout, '');
  assert.doesNotMatch(stderr, /\n\s+at /);
  assert.match(stderr, /^hold: /);
}

test('bad input changes nothing of what runs', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const good = JSON.stringify({ apps: { web: { run: app('hello.js'), port, instances: 2 } } });
  script(home, 'holdfast.config.json', good);
  await home.ok(['up']);
  const before = JSON.stringify((await home.ready('web', 2)).map(({ pid }) => pid));
  const changes = events(home, 'app.changed').length;

  const commands: [args: string[], exit: 1 | 2, message: RegExp][] = [
    [['start', 'no-such-file.js'], 1, /"no-such-file\.js": there is no file ".*no-such-file\.js"/],
    [['start', 'no-such-program --flag'], 1, /"no-such-program" is neither a program in PATH nor the file/],
    [['start', app('hello.js'), '-n', 'no good'], 2, /Cannot name the app "no good"/],
    [['start', app('hello.js'), '-n', 'web'], 1, /"web"/],
    [['start', app('hello.js'), '-n', 'x', '-i', 'many'], 2, /many/],
    [['start', app('hello.js'), '-n', 'x', '-p', '70000'], 2, /70000/],
    [
      ['start', app('hello.js'), '-n', 'x', '-p', String(port)],
      1,
      new RegExp(`Cannot start "x" on port ${port}: "web" has it`),
    ],
    [
      ['start', 'sleep 1000', '-n', 'x', '-p', String(port)],
      1,
      new RegExp(`Cannot start "x" on port ${port}: "web" has it`),
    ],
    [['start', app('hello.js'), '-n', 'x', '--cwd', 'nowhere'], 2, /there is no ".*nowhere"/],
    [['scale', 'web', '0'], 2, /0/],
    [['scale', 'web', 'lots'], 2, /lots/],
    [['stop', 'wbe'], 1, /no app "wbe": did you mean "web"/],
    [['reload', 'nobody'], 1, /"nobody"/],
    [['logs', 'nobody'], 1, /"nobody"/],
    [['show', 'nobody'], 1, /"nobody"/],
    [['delete', 'nobody'], 1, /"nobody"/],
    [['statr', 'web'], 2, /start/],
    [['ls', '--jsno'], 2, /--json/],
    [['up', '-f', 'no-such-config.json'], 1, /no-such-config\.json/],
  ];
  for (const [args, exit, message] of commands) assertClear(await home.run(args), exit, message);
  const { stderr } = await home.run(['stop', 'nobody', '--json']);
  assert.equal(JSON.parse(stderr).code, 'APP_UNKNOWN');

  assert.equal(JSON.stringify((await home.ready('web', 2)).map(({ pid }) => pid)), before);
  assert.equal(events(home, 'app.changed').length, changes);
  assert.deepEqual(
    (await home.apps()).map(({ name }) => name),
    ['web'],
  );
});

test('a bad config file names the file, the place in it, what was found and what is right', async (t) => {
  const home = testHome(t);
  const run = app('hello.js');
  const port = await freePort();
  script(home, 'holdfast.config.json', JSON.stringify({ apps: { web: { run, port } } }));
  await home.ok(['up']);
  const pids = (await home.ready('web', 1)).map(({ pid }) => pid);
  const changes = events(home, 'app.changed').length;

  const files: [name: string, content: string, messages: RegExp[]][] = [
    [
      'typo.json',
      `{ "apps": { "web": { "run": "${run}", "instnces": 3 } } }`,
      [/apps\.web\.instnces/, /"instances"/],
    ],
    [
      'type.json',
      `{ "apps": { "web": { "run": "${run}", "instances": "many" } } }`,
      [/apps\.web\.instances/, /"many"/, /whole number/],
    ],
    [
      'both.json',
      `{ "apps": { "web": { "run": "${run}", "port": "x", "stop": { "timeout": "soon" } } } }`,
      [/apps\.web\.port/, /apps\.web\.stop\.timeout/, /"soon"/],
    ],
    ['gone.json', '{ "apps": { "web": "no-such-file.js" } }', [/apps\.web/, /no-such-file\.js/]],
    ['broken.json', '{ "apps": { "web": ', [/broken\.json/]],
    ['broken.yaml', 'apps:\n  web: [', [/broken\.yaml/]],
    ['throws.mjs', "throw new Error('no secrets here');", [/throws\.mjs/, /no secrets here/]],
    ['list.json', '[]', [/list\.json/]],
    [
      'route.json',
      `{ "apps": { "web": "${run}" }, "sites": { "*": { "routes": { "/": "wbe" } } } }`,
      [/"wbe"/, /"web"/],
    ],
  ];
  for (const [name, content, messages] of files) {
    const file = script(home, name, content);
    const result = await home.run(['up', '-f', file]);
    assert.equal(result.code, 1, result.stderr);
    for (const message of [new RegExp(name), ...messages]) assert.match(result.stderr, message);
    assert.equal(result.stdout, '');
  }
  // The same file, damaged, and `up` as usual.
  script(home, 'holdfast.config.json', '{ "apps": {} ');
  assert.equal((await home.run(['up'])).code, 1);
  assert.deepEqual(
    (await home.ready('web', 1)).map(({ pid }) => pid),
    pids,
  );
  assert.equal(events(home, 'app.changed').length, changes);
});

describe('without a daemon', () => {
  test('a command that only looks, and one that is wrong, start none', async (t) => {
    const home = testHome(t);
    assert.deepEqual(await home.apps(), []);
    assert.equal((await home.run(['stop', 'web'])).code, 1);
    assert.equal((await home.run(['start', 'no-such-file.js'])).code, 1);
    assert.equal((await home.run(['up', '--plan'])).code, 1);
    assert.equal((await home.run(['down'])).code, 0);
    assert.equal(existsSync(home.paths.daemonPid), false);
  });

  test('a home that cannot be used is named', async (t) => {
    const home = testHome(t);
    const file = script(home, 'file', 'not a directory');
    const result = await home.run(['start', app('hello.js')], { env: { HOLDFAST_HOME: join(file, 'home') } });
    assertClear(result, 1, /file\/home/);
  });

  test('a file that cannot be read is named', async (t) => {
    const home = testHome(t);
    // Root may read every file, but no directory as a file.
    const file = process.getuid?.() === 0 ? join(home.dir, 'secret.json') : script(home, 'secret.json', '{}');
    if (process.getuid?.() === 0) mkdirSync(file);
    else chmodSync(file, 0o000);
    assertClear(await home.run(['up', '-f', file]), 1, /secret\.json/);
  });
});
