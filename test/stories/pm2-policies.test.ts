/** PM2's settings of what is restarted, stopped and waited for: by `hold pm2`. The numbers are those of docs/moving-from-pm2.md. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Pm2, startPm2, stays } from '../pm2/pm2.ts';
import { events, happened } from '../support/journal.ts';
import { logged } from '../support/log-file.ts';
import { isAlive } from '../support/processes.ts';
import { script } from '../support/scripts.ts';
import { until } from '../support/until.ts';

describe('after an exit', () => {
  test('22: a crash loop ends in "errored", and a restart begins to count anew', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', `throw new Error('no database');`);
    const { code, stderr } = await pm2.run(['start', 'app.js', '--max-restarts', '4']);
    assert.equal(code, 1, 'unlike PM2, it says at once that it does not run');
    assert.match(stderr, /no database/);
    await pm2.status('app', 'errored');
    assert.deepEqual(await pm2.restarts('app'), [3]);
    await pm2.run(['restart', 'app']);
    await pm2.status('app', 'errored');
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['restart', 'app']);
    await pm2.status('app', 'online');
  });

  test('a script that has been mended is started by the same words', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', `process.exit(1);`);
    const { code, stdout } = await pm2.run(['start', 'app.js', '--restart-delay', '60000']);
    assert.equal(code, 1);
    assert.match(stdout, /hold crashes app/);
    await pm2.status('app', 'waiting restart');
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['start', 'app.js']);
    await pm2.status('app', 'online', 1);
  });

  test('23: --no-autorestart leaves it', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', `process.exitCode = 1;`);
    await pm2.run(['start', 'app.js', '--no-autorestart']);
    await pm2.status('app', 'stopped');
    assert.deepEqual(await pm2.restarts('app'), [0]);
  });

  test('24: exit codes that mean stop', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', `setTimeout(() => process.exit(42), 100);`);
    await pm2.run(['start', 'app.js', '-n', 'same', '--stop-exit-codes', '42', '43']);
    await pm2.status('same', 'stopped');
    assert.deepEqual(await pm2.restarts('same'), [0]);
    await pm2.run(['start', 'app.js', '-n', 'other', '--stop-exit-codes', '34']);
    await happened(pm2.home, 'instance.spawned', { about: 'other', after: 2 });
    assert.equal(events(pm2.home, 'instance.spawned', 'same').length, 1);
  });

  test('40: the pause grows, and is short again after a good time', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', `process.exit(1);`);
    await pm2.run(['start', 'app.js', '--exp-backoff-restart-delay', '50']);
    await happened(pm2.home, 'instance.backoff', { about: 'app', after: 3 });
    const pauses = events(pm2.home, 'instance.backoff', 'app').map(({ data }) => Number(data?.delayMs));
    assert.ok((pauses[3] ?? 0) > (pauses[0] ?? 0), String(pauses));
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['restart', 'app']);
    const [app] = await pm2.status('app', 'online');
    const before = events(pm2.home, 'instance.backoff', 'app').length;
    process.kill(app?.pid ?? 0, 'SIGKILL');
    await happened(pm2.home, 'instance.spawned', { about: 'app', after: before + 1 });
    const last = events(pm2.home, 'instance.backoff', 'app').slice(before).at(-1);
    assert.ok(Number(last?.data?.delayMs ?? 0) <= 50, JSON.stringify(last));
  });

  test('a job of autorestart: false and cron_restart runs at once and stays in the list', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', `console.log('ran');`);
    const app = { name: 'job', script: 'app.js', autorestart: false, cron_restart: '0 4 1 1 *' };
    await pm2.ok(['start', '-'], { input: JSON.stringify([app]) });
    await until(() => pm2.log('job-out.log').length === 1, { why: 'it has run' });
    await pm2.status('job', 'stopped');
  });
});

describe('being ready', () => {
  test('29: with wait_ready it is "launching" until it says so', async (t) => {
    const pm2 = startPm2(t);
    script(
      pm2.home,
      'app.js',
      `setInterval(() => { if (require('fs').existsSync('go')) process.send('ready'); }, 50);`,
    );
    const start = pm2.home.background(
      ['pm2', 'start', 'app.js', '--wait-ready', '--listen-timeout', '60000'],
      {
        env: { PM2_HOME: pm2.dir },
      },
    );
    await pm2.status('app', 'launching');
    script(pm2.home, 'go', '');
    await pm2.status('app', 'online');
    await until(() => start.child.exitCode === 0, { why: 'the command is done' });
  });

  test('30: while a new one is not ready, the old one stays; for good when it never is', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', `process.send('ready'); setInterval(() => {}, 1000);`);
    await pm2.ok(['start', 'app.js', '--wait-ready', '--listen-timeout', '5000']);
    const [before] = await pm2.jlist();
    script(pm2.home, 'app.js', stays);
    const reload = pm2.run(['reload', 'app']);
    await happened(pm2.home, 'instance.spawned', { about: 'app', after: 1 });
    assert.equal((await pm2.jlist())[0]?.pm2_env.status, 'online');
    assert.equal((await reload).code, 1, 'unlike PM2, this is a failure');
    const [after] = await pm2.jlist();
    assert.equal(after?.pid, before?.pid);
    assert.ok(isAlive(before?.pid ?? 0));
  });

  test('31: two reloads at once do no harm, and another one later works', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['start', 'app.js', '-i', '2']);
    await Promise.all([pm2.run(['reload', 'app']), pm2.run(['reload', 'app'])]);
    await pm2.status('app', 'online', 2);
    await pm2.ok(['reload', 'app']);
    const two = await pm2.status('app', 'online', 2);
    const ended = events(pm2.home, 'instance.spawned', 'app')
      .map(({ pid }) => pid ?? 0)
      .filter((pid) => !two.some((one) => one.pid === pid));
    assert.deepEqual(ended.filter(isAlive), []);
  });
});

describe('being stopped', () => {
  test('25: a reload sends SIGINT, once', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', sayingSignals);
    await pm2.ok(['start', 'app.js']);
    await until(() => logged(pm2.home, 'app').length === 1, { why: 'it listens to signals' });
    await pm2.ok(['reload', 'app']);
    assert.deepEqual(
      logged(pm2.home, 'app')
        .filter(({ text }) => text.startsWith('SIG'))
        .map(({ text }) => text),
      ['SIGINT'],
    );
  });

  test('26: --shutdown-with-message sends the message instead', async (t) => {
    const pm2 = startPm2(t);
    script(
      pm2.home,
      'app.js',
      `${sayingSignals}process.on('message', (m) => { console.log('message ' + m); process.exit(0); });`,
    );
    await pm2.ok(['start', 'app.js', '--shutdown-with-message', '--kill-timeout', '20000']);
    await until(() => logged(pm2.home, 'app').length === 1, { why: 'it listens' });
    await pm2.ok(['stop', 'app']);
    assert.deepEqual(
      logged(pm2.home, 'app').map(({ text }) => text),
      ['up', 'message shutdown'],
    );
  });

  test('41: kill_timeout is how long it may take', async (t) => {
    const pm2 = startPm2(t);
    script(
      pm2.home,
      'app.js',
      `process.on('SIGINT', () => console.log('SIGINT'));\nconsole.log('up');\nsetInterval(() => {}, 1000);`,
    );
    for (const instances of ['1', '2']) {
      const name = `of-${instances}`;
      await pm2.ok(['start', 'app.js', '-n', name, '-i', instances, '--kill-timeout', '700']);
      await until(() => logged(pm2.home, name).length === Number(instances), {
        why: 'all listen to signals',
      });
      const pids = (await pm2.jlist()).filter((one) => one.name === name).map(({ pid }) => pid);
      const stop = pm2.ok(['stop', name]);
      await happened(pm2.home, 'instance.stopping', { about: name });
      assert.deepEqual(pids.filter(isAlive), pids);
      await stop;
      assert.deepEqual(pids.filter(isAlive), []);
      assert.equal(events(pm2.home, 'instance.killed', name).length, Number(instances));
    }
  });

  test('42: what it has started ends with it, three generations that ignore signals', async (t) => {
    const pm2 = startPm2(t);
    script(
      pm2.home,
      'app.js',
      `process.on('SIGINT', () => {}); process.on('SIGTERM', () => {});
const level = Number(process.argv[2] ?? 0);
console.log('pid ' + process.pid);
if (level < 3) require('child_process').spawn(process.execPath, [__filename, String(level + 1)], { stdio: 'inherit' });
setInterval(() => {}, 1000);`,
    );
    await pm2.ok(['start', 'app.js', '--kill-timeout', '300']);
    const pids = () => logged(pm2.home, 'app').map(({ text }) => Number(text.slice('pid '.length)));
    await until(() => pids().length === 4, { why: 'all four are there' });
    await pm2.ok(['stop', 'app']);
    assert.deepEqual(pids().filter(isAlive), []);
  });
});

describe('what it may use', () => {
  test('39: one that takes more memory than it may is replaced', async (t) => {
    const pm2 = startPm2(t);
    const hungry = `console.log('up');
const kept = [];
if (!require('fs').existsSync('fed')) setTimeout(() => { require('fs').writeFileSync('fed', ''); kept.push(Buffer.alloc(200e6, 1)); }, 300);
setInterval(() => kept.length, 1000);`;
    script(pm2.home, 'app.js', hungry);
    await pm2.ok(['start', 'app.js', '--max-memory-restart', '150M']);
    await happened(pm2.home, 'instance.worn', { about: 'app' });
    await happened(pm2.home, 'instance.ready', { about: 'app', after: 1 });
    assert.deepEqual(await pm2.restarts('app'), [1]);
  });

  test('50: a file that changes restarts it, one that is ignored does not, and stop ends that', async (t) => {
    const pm2 = startPm2(t);
    mkdirSync(`${pm2.home.dir}/site/tmp`, { recursive: true });
    script(pm2.home, 'site/app.js', stays);
    const app = {
      name: 'app',
      script: 'app.js',
      cwd: 'site',
      watch: true,
      ignore_watch: ['tmp'],
      watch_delay: 100,
    };
    await pm2.ok(['start', '-'], { input: JSON.stringify([app]) });
    await touchedUntil(pm2, 'site/app.js');
    const count = events(pm2.home, 'instance.spawned', 'app').length;
    script(pm2.home, 'site/tmp/cache', 'one');
    script(pm2.home, 'site/other.js', 'two');
    // The second change is noticed: if the first one were, there would be two.
    await happened(pm2.home, 'instance.spawned', { about: 'app', after: count });
    const files = events(pm2.home, 'watch.changed', 'app').flatMap(({ data }) => data?.files as string[]);
    assert.ok(
      files.some((file) => file.endsWith('other.js')) && !files.some((file) => file.includes('tmp')),
      String(files),
    );
    await pm2.ok(['stop', 'app']);
    const stopped = events(pm2.home, 'instance.spawned', 'app').length;
    script(pm2.home, 'site/other.js', 'three');
    await pm2.ok(['ls']);
    assert.equal((await pm2.jlist())[0]?.pm2_env.status, 'stopped');
    assert.equal(events(pm2.home, 'instance.spawned', 'app').length, stopped);
  });
});

/** Watching begins a moment after the start. */
async function touchedUntil(pm2: Pm2, file: string): Promise<void> {
  let touches = 0;
  await until(
    () => {
      if (existsSync(`${pm2.home.dir}/${file}`) && touches % 10 === 0)
        script(pm2.home, file, `${stays}// ${touches}\n`);
      touches++;
      return events(pm2.home, 'watch.changed', 'app').length > 0;
    },
    { why: 'a change is noticed', every: 100 },
  );
  await happened(pm2.home, 'instance.spawned', { about: 'app', after: 1 });
  await pm2.status('app', 'online');
}

const sayingSignals = `for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { console.log(signal); process.exit(0); });
console.log('up');
setInterval(() => {}, 1000);
`;
