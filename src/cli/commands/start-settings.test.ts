import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectSetting, settingsOf } from './start-settings.ts';

const cwd = '/home/a';
const set = (...texts: string[]) =>
  texts.reduce<ReturnType<typeof collectSetting>>((all, text) => collectSetting(text, all), []);

test('options become settings of the configuration file, files relative to the person', () => {
  assert.deepEqual(settingsOf({}, cwd), {});
  assert.deepEqual(
    settingsOf({ log: 'all.log', err: '/var/log/e.log', watch: true, memory: '1GB', after: ['db'] }, cwd),
    {
      log: { files: { all: '/home/a/all.log', err: '/var/log/e.log' } },
      watch: true,
      memory: '1GB',
      after: ['db'],
    },
  );
});

test('--set says any setting, in JSON where a text will not do', () => {
  assert.deepEqual(
    settingsOf(
      {
        restart: 'never',
        log: 'x',
        set: set('restart.max=3', 'stop.timeout=5s', 'log.rotate.keep=2', 'after=["a"]', 'env.A='),
      },
      cwd,
    ),
    {
      restart: { max: 3 },
      stop: { timeout: '5s' },
      log: { files: { all: '/home/a/x' }, rotate: { keep: 2 } },
      after: ['a'],
      env: { A: '' },
    },
  );
});

test('--set refuses what is no setting', () => {
  for (const text of ['x', '=1', '.a=1', 'a..b=1', '__proto__.x=1', 'a.__proto__.x=1'])
    assert.throws(() => collectSetting(text), /must have the form/, text);
});
