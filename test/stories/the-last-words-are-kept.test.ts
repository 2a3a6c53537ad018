/** Promise 5: what an app prints before it dies is in its log, and the end of it is in the record of the crash. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CrashRecord } from '../../src/protocol/api.ts';
import { happened } from '../support/journal.ts';
import { logged } from '../support/log-file.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** The record of the first crash, when it is written. */
async function firstCrash(home: TestHome): Promise<CrashRecord> {
  await happened(home, 'instance.crashed');
  const crashes = async () => (await home.ok(['crashes', '--json'])).json<CrashRecord[]>();
  return until(async () => (await crashes())[0], { why: 'the crash is recorded', every: 100 });
}

describe('5,000 lines and then', () => {
  for (const [end, file, word, last] of [
    ['process.exit(1)', 'five-thousand-lines.js', 'exit', /^line 5000 of 5000/],
    ['a throw', 'five-thousand-lines-throw.js', 'throw', /^Node\.js v/],
  ] as const) {
    test(end, async (t) => {
      const home = testHome(t);
      const { code, stderr } = await home.run(['start', app(file), '-n', 'web']);
      assert.equal(code, 1);
      assert.match(stderr, /web\.0 did not start: exited with code 1/);

      const crash = await firstCrash(home);
      await home.ok(['stop', 'web']);
      // It was started more than once: what matters are whole runs, of which the first must be complete.
      const texts = logged(home, 'web').map(({ text }) => text);
      const expected = Array.from(
        { length: 5000 },
        (_, n) => `line ${n + 1} of 5000 before the ${word}, padded ${'.'.repeat(60)}`,
      );
      assert.deepEqual(texts.slice(0, 5000), expected);

      assert.equal(crash.cause, 'exited with code 1');
      assert.match(crash.lastOutput.at(-1)?.text ?? '', last);
      if (word === 'throw') {
        assert.ok(crash.lastOutput.some(({ stream, text }) => stream === 'err' && text === 'Error: the end'));
        assert.match(stderr, /Error: the end/);
      }
    });
  }
});

test('the last words of a program that is not Node, its last line without an end', async (t) => {
  const home = testHome(t);
  const program = script(home, 'program', '#!/bin/sh\necho first\nprintf last >&2\nkill -SEGV $$\n', 0o755);
  assert.equal((await home.run(['start', program, '-n', 'jobs'])).code, 1);
  const crash = await firstCrash(home);
  assert.equal(crash.signal, 'SIGSEGV');
  assert.equal(crash.cause, 'killed by SIGSEGV (crashed)');
  const words = crash.lastOutput.map(({ stream, text }) => `${stream} ${text}`).sort();
  assert.deepEqual(words, ['err last', 'out first']);
});

test('the last words of an app that dies together with the daemon', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  // The daemon is stopped first: what it has read and not written yet would go with it (docs/decisions/0006).
  const text = `require('node:http').createServer((req, res) => {
  const daemon = Number(req.url.slice(1));
  process.kill(daemon, 'SIGSTOP');
  setTimeout(() => {
    for (let n = 1; n <= 400; n++) console.log('last words ' + n);
    process.kill(daemon, 'SIGKILL');
    process.kill(process.pid, 'SIGKILL');
  }, 50);
}).listen(process.env.PORT);`;
  await home.ok(['start', script(home, 'app.js', text), '-n', 'web', '-p', String(port)]);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/${home.daemonPid()}`));
  await home.ready('web', 1);
  await until(() => logged(home, 'web').length >= 400, { why: 'they are written' });
  assert.deepEqual(
    logged(home, 'web').map((line) => line.text),
    Array.from({ length: 400 }, (_, n) => `last words ${n + 1}`),
  );
  const crash = await firstCrash(home);
  assert.equal(crash.lastOutput.at(-1)?.text, 'last words 400');
});
