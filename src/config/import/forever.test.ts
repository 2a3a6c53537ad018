import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Test } from '../../../test/support/cleanup.ts';
import { loadImported } from '../../../test/support/imported.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { importForever } from './forever.ts';
import { foreverApp, foreverName, nameOfScript } from './forever-app.ts';
import { readForeverFile } from './forever-settings.ts';

const place = { cwd: '/srv', root: '/home/me/.forever', file: 'app.js' };

test("forever's places: script, logs, pids and directories", () => {
  const settings = {
    script: 'app.js',
    logFile: 'l.log',
    outFile: 'o.log',
    errFile: '/e.log',
    pidFile: 'p.pid',
  };
  const app = foreverApp(settings, place);
  assert.deepEqual(app.run, ['node', '/srv/app.js']);
  assert.equal(app.cwd, '/srv');
  assert.deepEqual(app.log?.files, {
    all: '/home/me/.forever/l.log',
    out: '/srv/o.log',
    err: '/e.log',
    merge: true,
  });
  assert.equal(app.pidFile, '/home/me/.forever/pids/p.pid');
  assert.equal(foreverApp({ ...settings, silent: true }, place).log?.files?.all, undefined);

  // From an absolute path forever goes to the root directory, from a sourceDir to that.
  const absolute = foreverApp({ script: '/opt/app.js' }, { ...place, file: '/opt/app.js' });
  assert.deepEqual([absolute.cwd, absolute.run], ['/', ['node', '/opt/app.js']]);
  const elsewhere = foreverApp({ script: 'app.js', sourceDir: 'web', args: ['-x'] }, place);
  assert.deepEqual([elsewhere.cwd, elsewhere.run], ['/srv/web', ['node', '/srv/web/app.js', '-x']]);
  const working = foreverApp({ script: 'app.js', workingDir: '/tmp', command: 'node  --expose-gc' }, place);
  assert.deepEqual([working.cwd, working.run], ['/tmp', ['node', '--expose-gc', '/srv/app.js']]);
});

test('runs are not restarts, and a pause makes early exits harmless', () => {
  const restart = (settings: object) => foreverApp({ script: 'app.js', ...settings }, place).restart;
  const giveUpAfter = { crashes: 1_000_000, within: '1s' };
  assert.deepEqual(restart({}), { minUptime: '1000ms', early: 'give-up', giveUpAfter });
  assert.deepEqual(restart({ max: 3, minUptime: 50, spinSleepTime: 200 }), {
    max: 2,
    minUptime: '50ms',
    backoff: ['200ms', '200ms'],
    giveUpAfter,
  });
  assert.deepEqual(restart({ max: 0, spinSleepTime: 0 }), {
    max: 0,
    minUptime: '1000ms',
    backoff: ['1ms', '1ms'],
    giveUpAfter,
  });
});

test('SIGTERM comes before SIGKILL, unless a signal is named', () => {
  const stop = (settings: object) => foreverApp({ script: 'app.js', ...settings }, place).stop;
  assert.deepEqual(stop({}), { signal: 'SIGTERM', timeout: '2s' });
  assert.deepEqual(stop({ killSignal: 'SIGINT' }), { signal: 'SIGINT', timeout: '10s' });
  assert.deepEqual(stop({ killTree: true }), { signal: 'SIGTERM', timeout: '2s' });
  assert.deepEqual(stop({ killTree: false }), { signal: 'SIGTERM', timeout: '2s', ends: 'process' });
});

test('what is not watched comes from --watchIgnore and .foreverignore', (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, 'lib'));
  writeFileSync(join(dir, 'lib', '.foreverignore'), '*.log\n\ncache/\nviews/*.tmp\r\n');
  const settings = { script: 'app.js', watch: true, watchDirectory: ['lib'], watchIgnore: ['docs'] };
  assert.deepEqual(foreverApp(settings, { ...place, cwd: dir }).watch, {
    paths: [join(dir, 'lib')],
    ignore: [
      'lib/**/docs',
      'lib/**/docs/**',
      'lib/**/*.log',
      'lib/**/*.log/**',
      'lib/**/cache',
      'lib/**/cache/**',
      'lib/views/*.tmp',
      'lib/views/*.tmp/**',
    ],
  });
});

test('an absolute script does not make the whole machine watched', () => {
  const watch = (script: string) => foreverApp({ script, watch: true }, { ...place, file: script }).watch;
  assert.deepEqual(watch('/opt/web/app.js'), { paths: ['/opt/web'], ignore: [] });
  assert.deepEqual(watch('web/app.js'), { paths: ['/srv'], ignore: [] });
});

test('names are as near to uids as Holdfast allows', () => {
  assert.equal(foreverName('prod'), 'prod');
  assert.equal(foreverName('-_a b.c'), 'a-b-c');
  assert.equal(foreverName('all'), 'all-1');
  assert.equal(foreverName('…'), 'app');
  assert.equal(foreverName('7'), 'app7');
  assert.equal(foreverName('é é'), 'app');
  assert.equal(foreverName('a é'), 'a');
  assert.equal(nameOfScript('/srv/api/index.js'), 'api');
  assert.equal(nameOfScript('/srv/api/server.prod.js'), 'server-prod');
});

test('JSON files hold comments, one process or several, and numbers as texts', (t) => {
  const file = jsonFile(
    t,
    '// two\n[{"script":"a.js",/* x */"max":"3","uid":7,"env":{"A":1},"killTTL":1},{"script":"b.js"},]',
  );
  for (const [given, meant] of [
    ['term', 'SIGTERM'],
    [9, 'SIGKILL'],
    ['SIGINT', 'SIGINT'],
  ] as const) {
    const one = jsonFile(t, JSON.stringify({ script: 'a.js', killSignal: given }));
    assert.equal(readForeverFile(one, 'x.json').processes[0]?.killSignal, meant);
  }
  const { processes, ignored } = readForeverFile(file, 'x.json');
  assert.deepEqual(processes, [{ script: 'a.js', max: 3, uid: '7' }, { script: 'b.js' }]);
  assert.deepEqual(ignored, ['env', 'killTTL']);
});

test('a wrong file is refused with what is wrong', (t) => {
  for (const [text, message] of [
    ['{', /^Cannot read "x\.json": invalid end of input at 1:2/],
    ['{"uid":"a"}', /^x\.json: "script" option required in JSON configuration files$/],
    [
      '[{"script":"a"},{"script":"b","max":"many"}]',
      /^x\.json: process 2: "max" must be a whole number such as 1000: got "many"$/,
    ],
    ['["app.js"]', /^x\.json must be an object with "script": got "app\.js"$/],
    [
      '{"script":"a.js","killSignal":"SIGFOO"}',
      /^x\.json: "killSignal" must be a signal such as SIGTERM: got "SIGFOO"$/,
    ],
    ['{"script":"a.js","append":"yes"}', /"append" must be true or false: got "yes"/],
    ['{"script":(() => process.exit(1))()}', /^Cannot read "x\.json": invalid character '\('/],
  ] as const) {
    assert.throws(
      () => readForeverFile(jsonFile(t, text), 'x.json'),
      { code: 'IMPORT_INVALID', message },
      text,
    );
  }
});

test('what is imported can be loaded, and says what it leaves out', async (t) => {
  const dir = tempDir(t);
  for (const name of ['app.js', 'worker.js']) writeFileSync(join(dir, name), '');
  writeFileSync(
    join(dir, 'x.json'),
    JSON.stringify([
      {
        uid: 'my api',
        script: 'app.js',
        args: ['-p', '80'],
        logFile: 'api.log',
        append: true,
        minUptime: 5000,
        spinSleepTime: 1500,
        env: {},
      },
      {
        script: 'worker.js',
        command: 'node --expose-gc',
        max: 3,
        watch: true,
        outFile: 'out.log',
        killSignal: 'sigint',
      },
    ]),
  );
  const imported = await importForever('x.json', { cwd: dir, root: '/home/me/.forever' });
  const { 'my-api': api, worker } = await loadImported(dir, imported);
  assert.deepEqual(imported.config.apps?.['my-api'], {
    run: 'app.js',
    args: ['-p', '80'],
    restart: {
      giveUpAfter: { crashes: 1_000_000, within: '1s' },
      minUptime: '5s',
      backoff: ['1500ms', '1500ms'],
    },
    log: { files: { all: '/home/me/.forever/api.log' } },
  });
  assert.equal(api?.command.file, join(dir, 'app.js'));
  assert.deepEqual(worker?.command.nodeArgs, ['--expose-gc']);
  assert.equal(worker?.restart.max, 2);
  assert.equal(worker?.stop.signal, 'SIGINT');
  assert.deepEqual(worker?.watch?.paths, [dir]);
  assert.deepEqual([worker?.log.files.out, worker?.log.files.append], [join(dir, 'out.log'), false]);
  assert.match(imported.notes.join('\n'), /"env" is not known to forever/);
});

function jsonFile(t: Test, text: string): string {
  const file = join(tempDir(t), 'x.json');
  writeFileSync(file, text);
  return file;
}
