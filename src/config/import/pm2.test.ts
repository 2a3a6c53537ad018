import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { HoldfastError } from '../../errors.ts';
import type { RestartConfig } from '../config-types.ts';
import { loadPlan } from '../load.ts';
import { importEcosystem } from './pm2.ts';
import { importPm2App, type Pm2Place } from './pm2-app.ts';
import { readPm2App } from './pm2-fields.ts';
import { isEcosystemName, readEcosystemText } from './pm2-file.ts';
import { pm2Name } from './pm2-name.ts';
import { printConfig } from './print-config.ts';

const place: Pm2Place = { environment: undefined, home: null, parallelism: 4, userHome: '/home/ann' };

function imported(app: Readonly<Record<string, unknown>>, more: Partial<Pm2Place> = {}) {
  return importPm2App(readPm2App({ script: 'app.js', ...app }), { ...place, ...more });
}

function config(app: Readonly<Record<string, unknown>>, more: Partial<Pm2Place> = {}) {
  return imported(app, more).config;
}

function restart(app: Readonly<Record<string, unknown>>): RestartConfig {
  const policy = config(app).restart;
  assert.ok(typeof policy === 'object');
  return policy;
}

const usual = {
  run: 'app.js',
  stop: { signal: 'SIGINT', timeout: '1600ms' },
  restart: { minUptime: '1s', backoff: ['100ms', '1s'], giveUpAfter: { crashes: 16, within: '32s' } },
};

test('an app that says nothing has what PM2 gives it', () => {
  assert.deepEqual(imported({}), { name: 'app', config: usual, notes: [], filterEnv: [] });
});

describe('names', () => {
  test('of settings: all that PM2 knows', () => {
    for (const key of ['out_file', 'outFile', 'output', 'out', 'out_log'])
      assert.equal(config({ [key]: 'o.log' }).log?.files?.out, 'o.log', key);
    for (const key of ['node_args', 'nodeArgs', 'interpreterArgs', 'interpreter_args'])
      assert.deepEqual(config({ [key]: '--expose-gc' }).run, ['node', '--expose-gc', 'app.js'], key);
    assert.equal(config({ exec: 'other.js', script: undefined }).run, 'other.js');
  });

  test('that nobody knows are told', () => {
    const { notes } = imported({ instnces: 3, vizion: false, deep_monitoring: true });
    assert.deepEqual(notes, [
      'instnces has no effect, since PM2 has no such setting: did you mean "instances"?',
      'deep_monitoring has no effect: Holdfast puts no monitoring into apps',
    ]);
  });

  test('of apps: what is not allowed becomes a dash, and that is told', () => {
    const { name, notes } = imported({ name: '@acme/my app' });
    assert.equal(name, 'acme-my-app');
    assert.match(notes[0] ?? '', /@acme\/my app/);
    assert.equal(pm2Name('all'), 'all-1');
    assert.equal(pm2Name('…'), 'app');
    assert.equal(pm2Name('-n'), 'n');
    assert.equal(
      imported({ name: 'a', append_env_to_name: true, name_prefix: 'x-' }, { environment: 'test' }).name,
      'x-a-test',
    );
    assert.equal(imported({ script: 'npm run start', name: undefined }).name, 'npm');
  });
});

describe('what is run', () => {
  const runs: readonly (readonly [Readonly<Record<string, unknown>>, unknown])[] = [
    [{ script: 'npm', args: 'start' }, 'npm'],
    [{ script: 'worker.py' }, ['python3', 'worker.py']],
    [
      { script: 'worker.py', interpreter: '/opt/python', interpreter_args: '-u' },
      ['/opt/python', '-u', 'worker.py'],
    ],
    [{ script: './server', interpreter: 'none' }, ['./server']],
    [{ script: 'echo a && sleep 9' }, ['bash', '-c', 'echo a && sleep 9']],
    [
      { node_args: ['--max-old-space-size=512'], source_map_support: true },
      ['node', '--max-old-space-size=512', '--enable-source-maps', 'app.js'],
    ],
  ];
  for (const [app, run] of runs) test(JSON.stringify(app), () => assert.deepEqual(config(app).run, run));

  test('arguments are split as PM2 does', () => {
    assert.deepEqual(config({ args: `-a 'b c' --d="e f" g` }).args, ['-a', 'b c', '--d=e f', 'g']);
    assert.deepEqual(config({ args: ['a b', 1] }).args, ['a b', '1']);
  });
});

describe('instances', () => {
  for (const [given, wanted] of [
    [0, 'max'],
    ['max', 'max'],
    [3, 3],
    ['2', 2],
    [-1, 3],
    [-9, 1],
  ] as const)
    test(String(given), () => assert.equal(config({ instances: given }).instances, wanted));
});

describe('the environment', () => {
  const app = { env: { A: 1, B: true, C: { d: 1 }, E: null }, env_production: { A: 'p' } };

  test('is text, and that of --env goes over it', () => {
    assert.deepEqual(config(app).env, { A: '1', B: 'true', C: '{"d":1}' });
    assert.deepEqual(config(app, { environment: 'production' }).env, { A: 'p', B: 'true', C: '{"d":1}' });
  });

  test('a port is one only when it certainly is', () => {
    assert.equal(config({ env: { PORT: 3000 } }).port, undefined);
    assert.deepEqual(config({ env: { PORT: 3000 } }).env, { PORT: '3000' });
    const { port, portStep, env } = config({ env: { PORT: 3000 }, increment_var: 'PORT' });
    assert.deepEqual([port, portStep, env], [3000, 1, undefined]);
    assert.match(imported({ increment_var: 'ID', env: { ID: 1 } }).notes[0] ?? '', /increment_var/);
  });

  test('filter_env', () => {
    assert.equal(imported({ filter_env: true }).filterEnv, true);
    assert.deepEqual(imported({ filter_env: ['REACT_', 'SECRET'] }).filterEnv, ['REACT_', 'SECRET']);
  });
});

test('policies', () => {
  const {
    restart: policy,
    stop,
    cron,
    memory,
    ready,
    readyTimeout,
  } = config({
    autorestart: false,
    stop_exit_codes: [0, 42],
    restart_delay: 2000,
    max_restarts: '5',
    min_uptime: '10s',
    kill_timeout: 3000,
    shutdown_with_message: true,
    treekill: false,
    max_memory_restart: '300M',
    wait_ready: true,
    listen_timeout: 8000,
  });
  assert.deepEqual(policy, {
    when: 'never',
    stopCodes: [0, 42],
    minUptime: '10s',
    delay: '2s',
    backoff: ['2000ms', '2s'],
    giveUpAfter: { crashes: 5, within: '70s' },
  });
  assert.deepEqual(stop, { signal: 'SIGINT', timeout: '3s', message: true, ends: 'process' });
  assert.deepEqual([cron, memory, ready, readyTimeout], [undefined, { soft: '300MB' }, 'message', '8s']);
  assert.deepEqual(restart({ exp_backoff_restart_delay: 100 }).backoff, ['100ms', '15s']);
  assert.equal(restart({ cron_restart: '0 4 * * *' }).cron, '0 4 * * *');
  assert.equal(restart({ cron_restart: 0 }).cron, undefined);
  const job = imported({ cron_restart: '0 4 * * *', autorestart: false });
  assert.deepEqual([job.config.cron, job.config.restart], ['0 4 * * *', undefined]);
  assert.match(job.notes[0] ?? '', /is a job/);
});

test('watching', () => {
  assert.equal(config({ watch: true }).watch, true);
  assert.equal(config({ watch: false }).watch, undefined);
  const { watch } = config({
    watch: ['src', 'lib'],
    ignore_watch: ['tmp', './data/x', '*.log'],
    watch_delay: 1000,
  });
  assert.deepEqual(watch, {
    paths: ['src', 'lib'],
    ignore: ['**/tmp', '**/tmp/**', 'data/x', 'data/x/**', '*.log'],
    debounce: '1s',
  });
  const odd = imported({ watch: true, ignore_watch: ['[\\/\\\\]\\./'] });
  assert.match(odd.notes[0] ?? '', /ignore_watch/);
});

describe('files', () => {
  const home = '/home/ann/.pm2';

  test('are where PM2 puts them', () => {
    const { log, pidFile } = config({ name: 'my api' }, { home });
    assert.deepEqual(log?.files, {
      out: `${home}/logs/my-api-out.log`,
      err: `${home}/logs/my-api-error.log`,
      merge: true,
    });
    assert.equal(pidFile, `${home}/pids/my-api.pid`);
    assert.equal(config({ instances: 2 }, { home }).log?.files?.merge, undefined);
  });

  test('or where one says, or nowhere', () => {
    const { log } = config(
      { out_file: '~/o.log', error_file: '/dev/null', log_type: 'json', time: true },
      { home },
    );
    assert.deepEqual(log?.files, {
      out: '/home/ann/o.log',
      merge: true,
      time: 'YYYY-MM-DDTHH:mm:ss',
      style: 'json',
    });
    assert.equal(config({ disable_logs: true }, { home }).log, undefined);
    assert.deepEqual(config({ out_file: 'a.log', error_file: 'a.log' }).log?.files, {
      all: 'a.log',
      merge: true,
    });
  });
});

test('what is wrong is told, all of it', () => {
  assert.throws(
    () => config({ instances: 'many', kill_timeout: 'soon', max_memory_restart: 'lots' }),
    (error: unknown) => {
      assert.ok(error instanceof HoldfastError);
      assert.equal(error.code, 'IMPORT_INVALID');
      const all = [error.message, ...error.details].join('\n');
      for (const setting of ['instances', 'kill_timeout', 'max_memory_restart'])
        assert.ok(all.includes(setting), all);
      return true;
    },
  );
  assert.throws(() => importPm2App(readPm2App({ name: 'x' }), place), /script/);
});

describe('files of apps', () => {
  test('are known by their names, as PM2 knows them', () => {
    for (const name of [
      'a.json',
      'a.json5',
      'a.yml',
      'a.yaml',
      'ecosystem.config.js',
      './x/pm2.config.cjs',
      'a.config.mjs',
    ])
      assert.ok(isEcosystemName(name), name);
    for (const name of ['app.js', 'config.js', 'ecosystem.js', 'app', 'json'])
      assert.ok(!isEcosystemName(name), name);
  });

  test('are data: comments, quotes and commas as people write them, and nothing that runs', () => {
    const { apps } = readEcosystemText(`// one\n{ apps: [ { 'script': 'a.js', }, ], }`, 'x.json');
    assert.deepEqual(apps, [{ script: 'a.js' }]);
    assert.equal(readEcosystemText('{ "script": "a.js" }', 'x').apps.length, 1);
    assert.equal(readEcosystemText('[{ "script": "a.js" }]', 'x').apps.length, 1);
    assert.equal(readEcosystemText('{ "pm2": [{ "script": "a.js" }], "deploy": {} }', 'x').deploys, true);
    for (const text of ['{ apps: process.exit() }', '', '{}', '[]', '{ "apps": [1] }', '{ "apps": "a.js" }'])
      assert.throws(() => readEcosystemText(text, 'x.json'), HoldfastError, text);
  });
});

describe('hold import pm2', () => {
  const text = `module.exports = { apps: [
    { name: 'web', script: './app.js', env: { A: 1 }, env_production: { A: 2 }, out_file: 'logs/out.log' },
    { name: 'web', script: './other.js', filter_env: ['X'] },
    { name: 'nightly', script: 'npm run clean', cron_restart: '0 4 * * *', autorestart: false },
  ], deploy: {} };`;

  test('gives a configuration that loads, and notes of what is not in it', async (t) => {
    const dir = tempDir(t);
    for (const script of ['app.js', 'other.js']) writeFileSync(join(dir, script), '');
    writeFileSync(join(dir, 'ecosystem.config.js'), text);
    const { config: found, notes } = await importEcosystem(join(dir, 'ecosystem.config.js'));
    writeFileSync(join(dir, 'holdfast.config.json'), printConfig(found, { notes, format: 'json' }));
    const { apps } = await loadPlan({ cwd: dir, env: process.env });
    assert.deepEqual(Object.keys(apps), ['web', 'web-1', 'nightly']);
    assert.equal(apps.web?.log.files.out, join(dir, 'logs/out.log'));
    assert.equal(apps.web?.stop.signal, 'SIGINT');
    assert.equal(apps.nightly?.job?.expression, '0 4 * * *');
    const told = notes.join('\n');
    for (const word of ['env_production', 'two apps "web"', 'filter_env', 'is a job', 'deploy'])
      assert.ok(told.includes(word), `${word} in ${told}`);
    const chosen = await importEcosystem(join(dir, 'ecosystem.config.js'), { environment: 'production' });
    assert.deepEqual(chosen.config.apps?.web, { ...(found.apps?.web as object), env: { A: '2' } });
  });
});
