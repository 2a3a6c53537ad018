import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fromRemoteHome, remoteCommand } from './remote-words.ts';
import { sshFailed, sshWords } from './ssh.ts';

test('words arrive as they are, whatever is in them', () => {
  const words = [
    "it's",
    '$(touch x)',
    '`id`',
    'a b',
    '',
    '*',
    '~',
    '\\',
    "\\'",
    '"',
    '!!',
    'ü',
    '#',
    '-n',
    '=x',
    '%{a,b}',
  ];
  const print = [
    process.execPath,
    '-e',
    'console.log(JSON.stringify(process.argv.slice(1)))',
    '--',
    ...words,
  ];
  const said = execFileSync('sh', ['-c', remoteCommand(print)], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(said), words);
  for (const word of ['a\nb', 'a\0b']) assert.throws(() => remoteCommand([word]), { code: 'USAGE' });
});

test('a path of the home directory there is one without a shell that knows it', () => {
  assert.equal(fromRemoteHome('~/.local/bin/holdfast'), './.local/bin/holdfast');
  assert.equal(fromRemoteHome('holdfast'), 'holdfast');
  assert.equal(remoteCommand(['~/x']), "'~/x'");
});

test('a host is never taken for an option, and nothing is asked', () => {
  const words = sshWords('-oProxyCommand=x', ['true']);
  assert.deepEqual(words.slice(-3), ['--', '-oProxyCommand=x', 'true']);
  assert.ok(words.includes('BatchMode=yes'));
  assert.ok(!words.some((word) => /StrictHostKeyChecking|UserKnownHosts/.test(word)));
});

test('what ssh says is told with what to do', () => {
  const failed = (code: number | null, ...stderr: string[]) =>
    sshFailed('app1', 'holdfast', { code, stderr, missing: false });
  assert.match(failed(255, 'Host key verification failed.').message, /^app1: its host key is not the one/);
  assert.match(failed(255, 'ann@app1: Permission denied (publickey).').hint, /authorized_keys/);
  assert.match(failed(127, 'sh: 1: holdfast: not found').hint, /hold host prepare app1/);
  assert.equal(
    failed(1, 'hold: There is no release "x"', '  `hold releases` shows').message,
    'app1: "holdfast" ended with code 1: There is no release "x"',
  );
  assert.match(failed(255, 'ssh: connect to host app1 port 22: Connection refused').message, /refused/);
});
