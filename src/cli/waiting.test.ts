import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeOutput } from '../../test/support/run-cli.ts';
import { FakeClock } from '../kit/clock.ts';
import { Terminal } from './print/terminal.ts';
import { waiting } from './waiting.ts';

function setUp(tty: boolean, env: NodeJS.ProcessEnv = {}) {
  const output = new FakeOutput({ tty, columns: 40 });
  return { output, err: new Terminal(output, { NO_COLOR: '1', ...env }), clock: new FakeClock() };
}

test('on a screen: nothing for a second, then a line that counts, stays below the others, and goes', async () => {
  const { output, err, clock } = setUp(true);
  const result = await waiting(
    { err, json: false },
    'nginx looks at the files',
    async () => {
      clock.advance(999);
      assert.equal(output.text, '');
      clock.advance(1001);
      assert.equal(output.text, '\r\x1b[Knginx looks at the files … 1s\r\x1b[Knginx looks at the files … 2s');
      output.text = '';
      err.line('something else');
      assert.equal(output.text, '\r\x1b[Ksomething else\n\r\x1b[Knginx looks at the files … 2s');
      output.text = '';
      return 'done';
    },
    { clock },
  );
  assert.deepEqual([result, output.text, clock.pending], ['done', '\r\x1b[K', 0]);
});

test('in a pipe, in CI and on a dumb terminal: one plain line; nothing where all is told, and with --json', async () => {
  for (const [tty, env] of [
    [false, {}],
    [true, { CI: 'true' }],
    [true, { TERM: 'dumb' }],
  ] as const) {
    const { output, err, clock } = setUp(tty, env);
    const long = async () => clock.advance(60_000);
    await waiting({ err, json: false }, 'sending Node', long, { clock });
    assert.equal(output.text, 'sending Node …\n');
    output.text = '';
    await waiting({ err, json: false }, 'sending Node', long, { clock, told: true });
    await waiting({ err, json: true }, 'sending Node', long, { clock });
    assert.equal(output.text, '');
  }
});

test('what fails takes its line with it', async () => {
  const { output, err, clock } = setUp(true);
  const fails = waiting(
    { err, json: false },
    'it',
    async () => {
      clock.advance(1000);
      throw new Error('no');
    },
    { clock },
  );
  await assert.rejects(fails, /no/);
  assert.ok(output.text.endsWith('\r\x1b[K'));
  assert.equal(clock.pending, 0);
});
