/** What PM2's users save comes back, and what PM2 itself has saved comes over: by `hold pm2`. The numbers are those of docs/moving-from-pm2.md. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { startPm2, stays } from '../pm2/pm2.ts';
import { script } from '../support/scripts.ts';
import { until } from '../support/until.ts';

test('33: saved twice there are two lists; the older one is used when the newer is damaged or gone', async (t) => {
  const pm2 = startPm2(t);
  const dump = `${pm2.dir}/dump.pm2`;
  script(pm2.home, 'app.js', stays);
  await pm2.ok(['start', 'app.js', '-n', 'one', '-i', '2']);
  await pm2.ok(['save']);
  assert.equal(existsSync(`${dump}.bak`), false);
  await pm2.ok(['start', 'app.js', '-n', 'two']);
  await pm2.ok(['stop', 'two']);
  await pm2.ok(['dump']);
  assert.ok(existsSync(`${dump}.bak`));
  assert.equal(statSync(dump).mode & 0o777, 0o600, 'it holds the environment');

  await pm2.ok(['kill']);
  assert.deepEqual(await pm2.jlist(), []);
  await pm2.ok(['resurrect']);
  await pm2.status('one', 'online', 2);
  await pm2.status('two', 'stopped', 1);

  await pm2.ok(['kill']);
  writeFileSync(dump, readFileSync(dump, 'utf8').slice(0, 100));
  const { stderr } = await pm2.ok(['resurrect']);
  assert.match(stderr, /dump\.pm2/);
  await pm2.status('one', 'online', 2);
  assert.equal((await pm2.jlist()).length, 2, 'only what the older list has');
  assert.equal(existsSync(dump), false);

  await pm2.ok(['kill']);
  await pm2.ok(['resurrect']);
  await pm2.status('one', 'online', 2);

  await pm2.ok(['kill']);
  rmSync(`${dump}.bak`);
  assert.equal((await pm2.run(['resurrect'])).code, 1);
});

test('34: an empty list is saved only with --force', async (t) => {
  const pm2 = startPm2(t);
  script(pm2.home, 'app.js', stays);
  await pm2.ok(['start', 'app.js']);
  await pm2.ok(['save']);
  const before = readFileSync(`${pm2.dir}/dump.pm2`, 'utf8');
  await pm2.ok(['delete', 'all']);
  await pm2.ok(['save']);
  assert.equal(readFileSync(`${pm2.dir}/dump.pm2`, 'utf8'), before);
  await pm2.ok(['save', '--force']);
  assert.deepEqual(JSON.parse(readFileSync(`${pm2.dir}/dump.pm2`, 'utf8')), []);
});

test('a list that PM2 itself has saved comes over', async (t) => {
  const pm2 = startPm2(t);
  script(pm2.home, 'app.js', stays);
  mkdirSync(pm2.dir);
  // As PM2 7 writes it, in short.
  const common = {
    pm_exec_path: `${pm2.home.dir}/app.js`,
    pm_cwd: pm2.home.dir,
    exec_interpreter: 'node',
    node_args: [],
    namespace: 'default',
    axm_options: {},
    unique_id: '77af6427',
    restart_time: 4,
    vizion: true,
    treekill: true,
  };
  const processes = [0, 1].map((id) => ({
    ...common,
    name: 'web',
    exec_mode: 'cluster_mode',
    instances: 2,
    pm_id: id,
    status: 'online',
    pm_out_log_path: `${pm2.dir}/logs/web-out-${id}.log`,
    pm_err_log_path: `${pm2.dir}/logs/web-error-${id}.log`,
    args: ['--loud'],
    env: {
      PATH: process.env.PATH,
      COLOUR: 'red',
      PM2_HOME: pm2.dir,
      unique_id: '77af6427',
      web: '{}',
      SHLVL: '2',
      HOLDFAST_HOME: '/nowhere',
    },
  }));
  const worker = {
    ...common,
    name: 'worker',
    exec_mode: 'fork_mode',
    status: 'stopped',
    autorestart: false,
    pm_out_log_path: `${pm2.dir}/logs/worker-out.log`,
    pm_err_log_path: `${pm2.dir}/logs/worker-error.log`,
    env: {},
  };
  writeFileSync(`${pm2.dir}/dump.pm2`, JSON.stringify([...processes, worker]));
  await pm2.ok(['resurrect']);
  const [first] = await pm2.status('web', 'online', 2);
  await pm2.status('worker', 'stopped', 1);
  assert.equal(first?.pm2_env.pm_out_log_path, `${pm2.dir}/logs/web-out-0.log`);
  await until(
    () => existsSync(`${pm2.dir}/logs/web-out-1.log`) && pm2.log('web-out-1.log')[0] === 'up 1 red --loud',
    {
      why: 'it runs as before',
    },
  );
  assert.ok(!(await pm2.ok(['env', 'web'])).stdout.includes('unique_id'));
});
