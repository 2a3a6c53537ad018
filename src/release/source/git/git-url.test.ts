import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { requireProgram } from '../../../../test/support/programs.ts';
import { checkRef, loginEnv, parseGitUrl } from './git-url.ts';

test('URLs of repositories, without what is secret in them', () => {
  const plain = (text: string) => {
    const url = parseGitUrl(text);
    return url && [url.url, url.ref];
  };
  assert.deepEqual(plain('https://h/a/b.git#v1'), ['https://h/a/b.git', 'v1']);
  assert.deepEqual(plain('git+https://token@h/a'), ['https://h/a', null]);
  assert.deepEqual(plain('git@github.com:a/b.git#main'), ['git@github.com:a/b.git', 'main']);
  assert.deepEqual(plain('ssh://git@h:22/a'), ['ssh://git@h:22/a', null]);
  assert.deepEqual(plain('file:///srv/a.git#'), ['file:///srv/a.git', null]);
  for (const other of ['main', './dir', '/srv/app', 'v1.2', 'HEAD~1', 'C:/x'])
    assert.equal(plain(other), null);
  assert.deepEqual(parseGitUrl('https://ann:p%40ss@h/a')?.login, {
    host: 'h',
    user: 'ann',
    password: 'p@ss',
  });
  for (const bad of [
    'http://ann:pass@h/a',
    'git://h/a',
    'ssh://ann:pass@h/a',
    'https://h/a#--upload-pack=x',
  ]) {
    assert.throws(
      () => parseGitUrl(bad),
      (error: Error) => {
        assert.equal((error as Error & { code: string }).code, 'SOURCE_INVALID');
        return !error.message.includes('pass@');
      },
    );
  }
});

test('refs that would be something else for git', () => {
  for (const ref of ['main', 'feature/ä', 'v1.2.3', 'HEAD~2', 'HEAD^', 'main@{1}', '0af3c']) checkRef(ref);
  for (const ref of ['', '-x', '+main', 'a b', 'a:b', 'a*', 'a..b', 'a\nb'])
    assert.throws(() => checkRef(ref), ref);
});

test('git logs in with what is not on its command line', (t) => {
  if (!requireProgram(t, 'git')) return;
  const url = parseGitUrl('https://ann:it%27s%20100%25@h.example/a');
  assert.ok(url);
  const ask = (host: string) =>
    execFileSync('git', ['credential', 'fill'], {
      input: `protocol=https\nhost=${host}\n\n`,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        GIT_TERMINAL_PROMPT: '0',
        GIT_CONFIG_GLOBAL: '/dev/null',
        ...loginEnv(url),
      },
      stdio: 'pipe',
    });
  assert.match(ask('h.example'), /username=ann\npassword=it's 100%\n/);
  assert.throws(() => ask('other.example'));
});
