import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HoldfastError } from '../../errors.ts';
import { readWords } from './words.ts';

function read(line: string) {
  const { command, targets, app, options, scriptArgs } = readWords(line.split(' '));
  return { command, targets, app, options: Object.fromEntries(options), scriptArgs };
}

const nothing = { targets: [], app: {}, options: {}, scriptArgs: [] };

describe("PM2's words", () => {
  const cases: readonly (readonly [string, object])[] = [
    ['ls', { command: 'ls' }],
    ['stop 0 web', { command: 'stop', targets: ['0', 'web'] }],
    [
      'start app.js -i max -n web',
      { command: 'start', targets: ['app.js'], app: { instances: 'max', name: 'web' } },
    ],
    ['start -i -1 app.js', { command: 'start', targets: ['app.js'], app: { instances: '-1' } }],
    ['scale web -2', { command: 'scale', targets: ['web', '-2'] }],
    [
      'start app.js -- --port 80 -i 3',
      { command: 'start', targets: ['app.js'], scriptArgs: ['--port', '80', '-i', '3'] },
    ],
    ['start --watch app.js', { command: 'start', targets: ['app.js'], app: { watch: true } }],
    ['start app.js --watch src', { command: 'start', targets: ['app.js'], app: { watch: 'src' } }],
    [
      'start app.js --watch --time',
      { command: 'start', targets: ['app.js'], app: { watch: true, time: true } },
    ],
    ['start app.js --watch-delay 4', { command: 'start', targets: ['app.js'], app: { watch_delay: '4s' } }],
    [
      'start app.js --watch-delay 4000ms',
      { command: 'start', targets: ['app.js'], app: { watch_delay: '4000ms' } },
    ],
    [
      'start --stop-exit-codes 0 42 app.js',
      { command: 'start', targets: ['app.js'], app: { stop_exit_codes: '0,42' } },
    ],
    ['start app.js --no-autorestart', { command: 'start', targets: ['app.js'], app: { autorestart: false } }],
    ['start app.js --name=web=1', { command: 'start', targets: ['app.js'], app: { name: 'web=1' } }],
    [
      'restart all -a -s',
      { command: 'restart', targets: ['all'], options: { 'update-env': '', silent: '' } },
    ],
    [
      'start - --only a,b --env production',
      { command: 'start', targets: ['-'], options: { only: 'a,b', env: 'production' } },
    ],
  ];
  for (const [line, expected] of cases)
    test(line, () => assert.deepEqual(read(line), { ...nothing, ...expected }));

  test('an option that PM2 does not have is told, with the one that was meant', () => {
    assert.throws(
      () => read('start app.js --instaces 3'),
      (error: unknown) =>
        error instanceof HoldfastError &&
        error.message === 'Unknown option "--instaces": did you mean "--instances"?',
    );
    assert.throws(() => read('start app.js --name'), /"--name" needs a value/);
  });
});
