import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseForever } from './argv.ts';

test('options stand before the script, everything behind it is for the script', () => {
  assert.deepEqual(parseForever('start -m 3 -l a.log -as app.js -m 5 --watch x'.split(' ')), {
    action: 'start',
    words: ['app.js'],
    scriptArgs: ['-m', '5', '--watch', 'x'],
    options: { max: '3', logFile: 'a.log', append: true, silent: true },
  });
  // Also the word of an action, an option of hold, or the script's own name once more.
  assert.deepEqual(parseForever(['start', 'app.js', 'stop', '--json', 'app.js', '--']).scriptArgs, [
    'stop',
    '--json',
    'app.js',
    '--',
  ]);
});

test('options may stand before the action, and be written in every way', () => {
  const { action, options, words } = parseForever([
    '--uid=my app',
    '-n5',
    '--no-colors',
    'logs',
    '0',
    '-f',
    '--watchIgnore',
    'a',
    '--watchIgnore=b',
    '-l=x',
    '--killTree=false',
    '-c',
    'node --expose-gc',
  ]);
  assert.equal(action, 'logs');
  assert.deepEqual(words, ['0']);
  assert.deepEqual(options, {
    uid: 'my app',
    number: '5',
    colors: false,
    fifo: true,
    watchIgnore: ['a', 'b'],
    logFile: 'x',
    killTree: false,
    command: 'node --expose-gc',
  });
});

test('a word that is no action is a script in the foreground', () => {
  assert.deepEqual(parseForever(['-m', '1', 'lists.js', '-x']), {
    action: 'foreground',
    words: ['lists.js'],
    scriptArgs: ['-x'],
    options: { max: '1' },
  });
  assert.equal(parseForever(['--help']).action, null);
  assert.equal(parseForever([]).action, null);
});

test('an option that forever would swallow without a word is refused', () => {
  assert.throws(() => parseForever(['start', '--minUpTime', '5', 'app.js']), {
    code: 'USAGE',
    message: 'Unknown option "--minUpTime": did you mean "minUptime"?',
  });
  assert.throws(() => parseForever(['start', '-x', 'app.js']), {
    code: 'USAGE',
    message: 'Unknown option "-x"',
  });
  assert.throws(() => parseForever(['start', '-l', '-a', 'app.js']), {
    message: 'Option "--logFile" needs a value',
  });
  assert.throws(() => parseForever(['start', '--uid']), { message: 'Option "--uid" needs a value' });
  assert.throws(() => parseForever(['start', '--toString', 'x']), { code: 'USAGE' });
});
