/** What PM2's users type every day does what they expect: by `hold pm2`. The numbers are those of docs/moving-from-pm2.md. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Pm2, startPm2, stays } from '../pm2/pm2.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { script } from '../support/scripts.ts';
import { until } from '../support/until.ts';

describe('start, restart, stop, delete', { concurrency: 2 }, () => {
  test('19: what is started by its script is started again by its name', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    const { stdout } = await pm2.ok(['start', 'app.js']);
    assert.match(stdout, /│ 0 +│ app .*│ fork .*│ online/);
    const [first] = await pm2.jlist();
    await pm2.ok(['start', 'app']);
    const [second, ...others] = await pm2.jlist();
    assert.deepEqual(others, []);
    assert.equal(second?.pm2_env.restart_time, 1);
    assert.notEqual(second?.pid, first?.pid);
    assert.equal((await pm2.run(['start', 'app.js'])).code, 1, 'it runs already');
    await pm2.ok(['start', 'app.js', '-f']);
    assert.deepEqual(
      (await pm2.jlist()).map(({ name }) => name),
      ['app', 'app-1'],
    );
  });

  test('20: by script, name, number and all; delete removes', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['start', 'app.js', '--name', 'web']);
    const ways = ['app.js', 'web', '0', 'all'];
    for (const [index, way] of ways.entries()) {
      await pm2.ok(['restart', way]);
      assert.deepEqual(await pm2.restarts('web'), [index + 1]);
    }
    await pm2.ok(['reset', 'web']);
    assert.deepEqual(await pm2.restarts('web'), [0]);
    await pm2.ok(['stop', 'web']);
    assert.equal((await pm2.jlist())[0]?.pm2_env.status, 'stopped');
    await pm2.ok(['restart', 'web']);
    assert.equal((await pm2.jlist())[0]?.pm2_env.status, 'online');
    await pm2.ok(['delete', 'web']);
    assert.deepEqual(await pm2.jlist(), []);
  });

  test('21: what is not there is an error, and changes nothing', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['start', 'app.js']);
    const [before] = await pm2.jlist();
    for (const verb of ['restart', 'stop', 'delete', 'reload', 'scale', 'describe', 'reset', 'env']) {
      const { code, stderr } = await pm2.run([verb, 'nobody', ...(verb === 'scale' ? ['2'] : [])]);
      assert.equal(code, 1, verb);
      assert.match(stderr, /nobody not found/, verb);
    }
    assert.equal((await pm2.run(['stop', '7'])).code, 1);
    assert.equal((await pm2.run(['stop', 'app', 'nobody'])).code, 1);
    assert.equal((await pm2.run(['start', 'missing.js'])).code, 1);
    assert.equal((await pm2.run(['start', 'app.js', '--frob'])).code, 1);
    assert.equal((await pm2.run(['frobnicate'])).code, 1);
    assert.equal((await pm2.jlist())[0]?.pid, before?.pid);
  });

  test('27: a fork that is reloaded is a new process, and the command ends', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['start', 'app.js']);
    const [before] = await pm2.jlist();
    await pm2.ok(['reload', 'app']);
    const [after] = await pm2.jlist();
    assert.notEqual(after?.pid, before?.pid);
    assert.equal(after?.pm2_env.restart_time, 1);
  });

  test('35: a pid file is there while it runs, and gone when it is stopped', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['start', 'app.js']);
    const [app] = await pm2.jlist();
    const file = app?.pm2_env.pm_pid_path ?? '';
    assert.ok(existsSync(file), file);
    await pm2.ok(['stop', 'app']);
    assert.equal(existsSync(file), false);
  });

  test('kill ends everything', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['start', 'app.js']);
    const [app] = await pm2.jlist();
    await pm2.ok(['kill']);
    assert.equal(isAlive(app?.pid ?? 0), false);
    assert.deepEqual(await pm2.jlist(), []);
  });
});

describe('several instances', { concurrency: 2 }, () => {
  test('28, 47: -i 4 is four, scale changes that, and each knows its number', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['start', 'app.js', '-i', '4']);
    const four = await pm2.status('app', 'online', 4);
    assert.deepEqual(
      four.map(({ pm2_env: env }) => env.exec_mode),
      Array(4).fill('cluster_mode'),
    );
    await until(() => [0, 1, 2, 3].every((slot) => pm2.log(`app-out-${slot}.log`)[0] === `up ${slot} - `), {
      why: 'each has said its number',
    });
    await pm2.ok(['scale', 'app', '6']);
    await pm2.status('app', 'online', 6);
    assert.match((await pm2.ok(['scale', 'app', '6'])).stdout, /Nothing to do/);
    await pm2.ok(['scale', 'app', '-4']);
    await pm2.status('app', 'online', 2);
    await pm2.ok(['scale', 'app', '+1']);
    await pm2.status('app', 'online', 3);
  });

  test('one of them is restarted by its number', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['start', 'app.js', '-i', '2']);
    const [first, second] = await pm2.jlist();
    await pm2.ok(['restart', String(second?.pm_id)]);
    const [firstNow, secondNow] = await pm2.jlist();
    assert.equal(firstNow?.pid, first?.pid);
    assert.notEqual(secondNow?.pid, second?.pid);
  });

  test('43: a pattern stops those that it matches', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    for (const name of ['echo-1', 'echo-2', 'echo-3']) await pm2.ok(['start', 'app.js', '-n', name]);
    await pm2.ok(['stop', '/echo-[1,2]/']);
    assert.deepEqual(statuses(await pm2.jlist()), ['stopped', 'stopped', 'online']);
  });

  test('44: a namespace is a name for those that are in it', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    await pm2.ok(['start', 'app.js', '-n', 'one', '--namespace', 'left']);
    await pm2.ok(['start', 'app.js', '-n', 'two', '--namespace', 'left']);
    await pm2.ok(['start', 'app.js', '-n', 'three']);
    await pm2.ok(['restart', 'left']);
    assert.deepEqual(
      (await pm2.jlist()).map(({ pm2_env: env }) => env.restart_time),
      [1, 1, 0],
    );
    await pm2.ok(['stop', 'left']);
    assert.deepEqual(statuses(await pm2.jlist()), ['stopped', 'stopped', 'online']);
    await pm2.ok(['delete', 'default']);
    assert.deepEqual(
      (await pm2.jlist()).map(({ name }) => name),
      ['one', 'two'],
    );
  });
});

describe('the environment', { concurrency: 2 }, () => {
  test('32: it stays as it is, unless one says --update-env; what the file says wins', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    const said = (count: number) =>
      until(() => pm2.log('app-out.log').length >= count && pm2.log('app-out.log')[count - 1], {
        why: `it has said ${count} lines`,
      });
    await pm2.ok(['start', 'app.js'], { env: { COLOUR: 'red' } });
    assert.equal(await said(1), 'up 0 red ');
    await pm2.ok(['restart', 'app'], { env: { COLOUR: 'blue' } });
    assert.equal(await said(2), 'up 0 red ');
    await pm2.ok(['restart', 'app', '--update-env'], { env: { COLOUR: 'blue' } });
    assert.equal(await said(3), 'up 0 blue ');
    script(
      pm2.home,
      'eco.json',
      JSON.stringify({ apps: [{ name: 'app', script: 'app.js', env: { COLOUR: 'green' } }] }),
    );
    await pm2.ok(['restart', 'eco.json'], { env: { COLOUR: 'blue' } });
    assert.equal(await said(4), 'up 0 green ');
  });

  test('what looks secret is masked in jlist, and told to who asks for it', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    const apps = [{ name: 'app', script: 'app.js', env: { API_TOKEN: 'abc123', PLAIN: 'yes' } }];
    await pm2.ok(['start', '-'], { input: JSON.stringify(apps) });
    const list = (await pm2.ok(['jlist'])).stdout;
    assert.ok(!list.includes('abc123'));
    assert.ok(list.includes('"PLAIN":"yes"'));
    assert.match((await pm2.ok(['env', '0'])).stdout, /API_TOKEN: abc123/);
  });
});

describe('ecosystem files', { concurrency: 2 }, () => {
  test('45, 46: from stdin, only some, started or restarted', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    const apps = ['a', 'b', 'c'].map((name) => ({ name, script: './app.js', args: `of ${name}` }));
    await pm2.ok(['start', '-'], { input: JSON.stringify({ apps }) });
    assert.deepEqual(statuses(await pm2.jlist()), ['online', 'online', 'online']);
    await pm2.ok(['delete', '-'], { input: JSON.stringify({ apps }) });
    assert.deepEqual(await pm2.jlist(), []);

    script(pm2.home, 'eco.json', `{ /* a comment */ 'apps': ${JSON.stringify(apps)}, }`);
    await pm2.ok(['startOrRestart', 'eco.json', '--only', 'a,b']);
    assert.deepEqual(
      (await pm2.jlist()).map(({ name }) => name),
      ['a', 'b'],
    );
    await pm2.ok(['startOrRestart', 'eco.json', '--only', 'a']);
    assert.deepEqual(await pm2.restarts('a'), [1]);
    await pm2.ok(['startOrReload', 'eco.json', '--only', 'a']);
    assert.deepEqual(await pm2.restarts('a'), [2]);
    assert.deepEqual(await pm2.restarts('b'), [0]);
    await until(() => pm2.log('a-out.log')[0] === 'up 0 - of a', { why: 'its arguments have reached it' });
  });

  test('51: a module, JSON and YAML mean the same; a file that is wrong starts nothing', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    const app = {
      script: 'app.js',
      instances: 2,
      env: { COLOUR: 'red' },
      env_production: { COLOUR: 'green' },
    };
    script(
      pm2.home,
      'one.config.js',
      `module.exports = ${JSON.stringify({ apps: [{ ...app, name: 'one' }] })}`,
    );
    script(pm2.home, 'two.json', JSON.stringify({ apps: [{ ...app, name: 'two' }] }));
    script(
      pm2.home,
      'three.yaml',
      'apps:\n  - name: three\n    script: app.js\n    instances: 2\n    env: { COLOUR: red }\n    env_production: { COLOUR: green }\n',
    );
    script(pm2.home, 'four.config.mjs', `export default ${JSON.stringify([{ ...app, name: 'four' }])}`);
    for (const file of ['one.config.js', 'two.json', 'three.yaml', 'four.config.mjs'])
      await pm2.ok(['start', file, '--env', 'production']);
    for (const name of ['one', 'two', 'three', 'four']) {
      await pm2.status(name, 'online', 2);
      await until(() => pm2.log(`${name}-out-1.log`)[0] === 'up 1 green ', {
        why: `${name} has its environment`,
      });
    }
    await pm2.ok(['delete', 'all']);
    script(pm2.home, 'bad.json', '{ "apps": [ { "script": "app.js", } ');
    script(pm2.home, 'bad.yaml', 'apps:\n  - script: [app.js\n');
    script(
      pm2.home,
      'worse.json',
      JSON.stringify({ apps: [{ script: 'app.js' }, { script: 'app.js', name: 'b', instances: 'many' }] }),
    );
    for (const file of ['bad.json', 'bad.yaml', 'worse.json', 'none.json'])
      assert.equal((await pm2.run(['start', file])).code, 1, file);
    assert.deepEqual(await pm2.jlist(), []);
  });

  test('JSON is data: what it says is not run', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    script(
      pm2.home,
      'evil.json',
      `(require('fs').writeFileSync('evil', ''), { apps: [{ script: 'app.js' }] })`,
    );
    assert.equal((await pm2.run(['start', 'evil.json'])).code, 1);
    assert.equal(existsSync(`${pm2.home.dir}/evil`), false);
  });

  test('a file is found from another directory, and its scripts beside it', async (t) => {
    const pm2 = startPm2(t);
    mkdirSync(`${pm2.home.dir}/site`);
    script(pm2.home, 'site/app.js', stays);
    script(pm2.home, 'site/ecosystem.config.cjs', `module.exports = { apps: [{ script: './app.js' }] }`);
    await pm2.ok(['start', 'site/ecosystem.config.cjs']);
    assert.equal((await pm2.jlist())[0]?.pm2_env.pm_cwd, `${pm2.home.dir}/site`);
  });

  test('a change of the file is applied by a restart with the file', async (t) => {
    const pm2 = startPm2(t);
    script(pm2.home, 'app.js', stays);
    const write = (more: object) =>
      script(pm2.home, 'eco.json', JSON.stringify([{ name: 'app', script: 'app.js', ...more }]));
    write({});
    await pm2.ok(['start', 'eco.json']);
    write({ kill_timeout: 3000, instances: 2 });
    await pm2.ok(['restart', 'eco.json']);
    const both = await pm2.status('app', 'online', 2);
    assert.equal(both[0]?.pm2_env.kill_timeout, 3000);
    assert.equal(both[0]?.pm_id, 0);
  });
});

describe('a process is reached', { concurrency: 2 }, () => {
  test('48: send writes to its stdin', async (t) => {
    const pm2 = startPm2(t);
    script(
      pm2.home,
      'app.js',
      `process.stdin.on('data', (data) => console.log('got ' + data)); setInterval(() => {}, 1000);`,
    );
    await pm2.ok(['start', 'app.js']);
    await pm2.ok(['send', '0', 'hello there']);
    await until(
      () => existsSync(`${pm2.dir}/logs/app-out.log`) && pm2.log('app-out.log').includes('got hello there'),
      {
        why: 'it has got the line',
      },
    );
  });

  test('49: sendSignal sends the signal', async (t) => {
    const pm2 = startPm2(t);
    const listens = `process.on('SIGUSR2', () => console.log('SIGUSR2'));\nconsole.log('up');\nsetInterval(() => {}, 1000);`;
    script(pm2.home, 'app.js', listens);
    await pm2.ok(['start', 'app.js']);
    await until(() => said(pm2, null) === 'up', { why: 'it listens to the signal' });
    await pm2.ok(['sendSignal', 'SIGUSR2', 'app']);
    await until(() => pm2.log('app-out.log')[1] === 'SIGUSR2', { why: 'it has got the signal' });
    assert.deepEqual(await pm2.restarts('app'), [0]);
  });

  test('47: increment_var gives each instance a port of its own', async (t) => {
    const pm2 = startPm2(t);
    const port = await freePort();
    script(pm2.home, 'app.js', `console.log('port ' + process.env.PORT); setInterval(() => {}, 1000);`);
    const app = { name: 'app', script: 'app.js', instances: 2, increment_var: 'PORT', env: { PORT: port } };
    await pm2.ok(['start', '-'], { input: JSON.stringify([app]) });
    await until(() => said(pm2, 0) === `port ${port}` && said(pm2, 1) === `port ${port + 1}`, {
      why: 'both have said their port',
    });
  });
});

/** The first line of an instance, or of the only one. */
function said(pm2: Pm2, slot: number | null): string | undefined {
  const file = slot === null ? 'app-out.log' : `app-out-${slot}.log`;
  return existsSync(`${pm2.dir}/logs/${file}`) ? pm2.log(file)[0] : undefined;
}

function statuses(list: Awaited<ReturnType<Pm2['jlist']>>): string[] {
  return list.map(({ pm2_env: env }) => env.status);
}
