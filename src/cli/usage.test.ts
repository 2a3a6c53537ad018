import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../test/support/run-cli.ts';
import { tempDir } from '../../test/support/temp-dir.ts';

const wrong: readonly (readonly [args: string[], message: RegExp])[] = [
  [['lss'], /Unknown command "lss": did you mean "ls"\?/],
  [['help', 'strat'], /Unknown command "strat": did you mean "start"\?/],
  [['status'], /Unknown command "status": did you mean "ls"\?/],
  [['stats'], /Unknown command "stats": did you mean "top"\?/],
  [['export', 'docker'], /no target "docker" .*: did you mean "dockerfile" or "compose" or "swarm"\?/],
  [['export', 'ngnix'], /no target "ngnix" .*: did you mean "nginx"\?/],
  [['frobnicate'], /Unknown command "frobnicate"/],
  [['ls', '--jsn'], /Unknown option "--jsn": did you mean "--json"\?/],
  [['--hme', 'x', 'ls'], /Unknown option "--hme": did you mean "--home"\?/],
  [['start'], /The argument "script-or-command" is missing/],
  [['start', 'app.js', '--verbos', '-x'], /Unknown option/],
  [
    ['start', 'app.js', '-i', 'many'],
    /Option "-i, --instances <n>" must be a number from 1 to 1000, or "max": got "many"/,
  ],
  [['start', 'app.js', '-i', '0'], /got "0"/],
  [['start', 'app.js', '-p', '70000'], /must be a number from 1 to 65535: got "70000"/],
  [['start', 'app.js', '-e', 'NAME'], /must have the form KEY=VALUE: got "NAME"/],
  [['start', 'app.js', '-n'], /Option "-n, --name <name>" needs a value/],
  [['stop'], /The argument "app" is missing/],
  [['down', 'web'], /Too many arguments for "down": it takes 0, got 1/],
  [['scale', 'web'], /The argument "n" is missing/],
  [['scale', 'web', 'x'], /Cannot scale to "x": it must be a number such as "4", "\+1", "-1", or "max"/],
  [['scale', 'all', '2'], /one app: got "all"/],
  [['show'], /The argument "app" is missing/],
  [['events', '-n', '-1'], /must be a number such as 100: got "-1"/],
  [['logs', '--since', 'whenever'], /must be a time such as "10m".*: got "whenever"/],
  [['logs', '--grep', '('], /Option "--grep <pattern>" must be a regular expression: got "\("/],
];

for (const [args, message] of wrong) {
  test(`wrong usage: hold ${args.join(' ')}`, async (t) => {
    const home = join(tempDir(t), 'home');
    const { code, out, err } = await runCli(home, args);
    assert.match(err, message);
    assert.match(err, /^hold: .*\n {2}.*\n$/, 'one line and a hint');
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.equal(existsSync(home), false, 'nothing was made');
  });
}

test('the hint names the command that was typed', async (t) => {
  const home = join(tempDir(t), 'home');
  const hints: readonly (readonly [args: string[], hint: string])[] = [
    [['scale', 'web'], 'Run `hold scale --help` to see how it is used'],
    [['--home', home, 'env', 'set', 'A', '--app'], 'Run `hold env set --help` to see how it is used'],
    [['list', '--frobnicate'], '`hold ls --help` shows those of Holdfast'],
    [['--frobnicate'], '`hold --help` shows those of Holdfast'],
  ];
  for (const [args, hint] of hints) {
    const { err } = await runCli(home, args);
    assert.ok(err.includes(hint), err);
  }
});

test('with --json wrong usage is a JSON object on stderr', async (t) => {
  const { code, out, err } = await runCli(tempDir(t), ['lss', '--json']);
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.deepEqual(Object.keys(JSON.parse(err)), ['code', 'message', 'hint', 'details']);
  assert.equal(JSON.parse(err).code, 'USAGE');
});

test('help is data: of all, of a command, and when there is no command', async (t) => {
  const home = join(tempDir(t), 'home');
  for (const args of [['--help'], ['help'], []]) {
    const { code, out, err } = await runCli(home, args);
    assert.equal(code, 0);
    assert.match(out, /crashes .* why apps crashed/);
    assert.equal(err, '');
  }
  const { code, out } = await runCli(home, ['help', 'scale']);
  assert.equal(code, 0);
  assert.match(out, /Usage: hold scale/);
  assert.equal(existsSync(home), false);
});

test('the version is that of the package', async (t) => {
  const { code, out } = await runCli(tempDir(t), ['--version']);
  assert.equal(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+\n$/);
});
