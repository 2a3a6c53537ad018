/** `hold forever`: how often and how long a script lives, as forever's options say. Numbers: assertions of its test suites. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Forever, foreverHome, linesOf, rows, stays, written } from '../forever/forever.ts';
import { events } from '../support/journal.ts';
import { isAlive } from '../support/processes.ts';
import { script } from '../support/scripts.ts';
import { until } from '../support/until.ts';

/** Writes a line for each run to `runs`, and ends. */
const ends = (code = 0) =>
  `require('node:fs').appendFileSync('runs', process.pid + '\\n'); process.exitCode = ${code};`;

function runs(forever: Forever): string[] {
  return linesOf(join(forever.home.dir, 'runs'));
}

function stopped(forever: Forever, uid: string): Promise<unknown> {
  return forever.listed((row) => row.uid === uid && row.uptime === 'STOPPED', `${uid} is STOPPED`);
}

describe('JSON files', () => {
  test('an object is one process, which is stopped by its uid (4)', async (t) => {
    const forever = foreverHome(t);
    mkdirSync(join(forever.home.dir, 'src'));
    script(forever.home, 'src/server.js', stays);
    script(
      forever.home,
      'one.json',
      `{
        // forever takes comments
        "uid": "server", "append": true, "watch": false, "script": "server.js",
        "sourceDir": "${forever.home.dir}/src", /* here */ "env": { "A": "1" }
      }`,
    );
    const said = await forever.ok(['start', 'one.json']);
    assert.match(said, /info: {4}Forever processing file: server\.js/);
    assert.match(said, /warn: {4}"env" in one\.json is not known to forever and is ignored/);
    const [row] = await forever.list();
    assert.deepEqual([row?.uid, row?.script], ['server', 'server.js']);
    await forever.ok(['stop', 'server']);
    assert.deepEqual(await forever.list(), []);
  });

  test('a list is as many processes, each with its own arguments (5)', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'server.js', stays);
    const processes = [
      { uid: 'server1', script: 'server.js' },
      { uid: 'server2', script: 'server.js', args: ['-p', '8081'] },
    ];
    script(forever.home, 'two.json', JSON.stringify(processes));
    await forever.ok(['start', 'two.json']);
    assert.deepEqual(
      (await forever.list()).map((row) => row.script),
      ['server.js', 'server.js -p 8081'],
    );
    await written(
      join(forever.root, 'server1.log'),
      ([line]) => /^runs with {2}in/.test(line ?? ''),
      'no -p',
    );
    await written(
      join(forever.root, 'server2.log'),
      ([line]) => /^runs with -p 8081 in/.test(line ?? ''),
      '-p',
    );
    assert.equal(rows(await forever.ok(['stopall'])).length, 2);
    assert.deepEqual(await forever.list(), []);
  });

  test('one without a script, or with one that is missing, starts nothing at all', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'server.js', stays);
    script(forever.home, 'bad.json', '[{"script":"server.js"},{"uid":"x"}]');
    const bad = await forever.run(['start', 'bad.json']);
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, /"script" option required in JSON configuration files/);
    script(forever.home, 'missing.json', '[{"script":"server.js"},{"script":"none.js"}]');
    const missing = await forever.run(['start', 'missing.json']);
    assert.equal(missing.code, 255);
    assert.match(missing.stdout, /none\.js does not exist/);
    assert.deepEqual(await forever.list(), []);
  });
});

describe('how often it runs', () => {
  test('a script that ends stays listed, not running; stopall still says its pid (6)', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'once.js', ends());
    await forever.ok(['start', 'once.js']);
    await stopped(forever, 'once');
    const said = await forever.ok(['stopall']);
    assert.equal(rows(said)[0]?.pid, runs(forever)[0]);
    assert.deepEqual(await forever.list(), []);
  });

  test('-m 3 is three runs (13), whatever its exit code is', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'ends.js', ends(0));
    await forever.ok(['start', '-m', '3', '--minUptime', '1', '--spinSleepTime', '10', 'ends.js']);
    await stopped(forever, 'ends');
    assert.equal(runs(forever).length, 3);
  });

  test('one that dies within minUptime runs once without spinSleepTime, and again with it (14)', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'ends.js', ends(1));
    await forever.ok(['start', '--uid', 'mortal', '--minUptime', '60000', 'ends.js']);
    await stopped(forever, 'mortal');
    assert.equal(runs(forever).length, 1);
    await forever.ok([
      'start',
      '--uid',
      'tough',
      '--minUptime',
      '60000',
      '--spinSleepTime',
      '50',
      '-m',
      '3',
      'ends.js',
    ]);
    await stopped(forever, 'tough');
    assert.equal(runs(forever).length, 4);
    const pauses = events(forever.home, 'instance.backoff', 'tough').map(({ data }) => Number(data?.delayMs));
    assert.ok(pauses.length > 0 && pauses.every((ms) => ms <= 50), String(pauses));
  });

  test('one that lives longer than minUptime is started again without end', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'short.js', `${ends()} setTimeout(() => {}, 60);`);
    await forever.ok(['start', '--minUptime', '10', 'short.js']);
    // More often than Holdfast's own limit by rate, which forever does not have.
    await until(() => runs(forever).length > 11, { why: 'it ran 12 times', deadline: 60_000 });
    assert.notEqual((await forever.list())[0]?.uptime, 'STOPPED');
  });

  test('started again with the uid of one that has ended, it takes its place', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', ends());
    await forever.ok(['start', '--uid', 'prod', 'app.js']);
    await stopped(forever, 'prod');
    script(forever.home, 'app.js', stays);
    await forever.ok(['start', '-a', '--uid', 'prod', 'app.js']);
    const all = await forever.list();
    assert.equal(all.length, 1);
    assert.notEqual(all[0]?.uptime, 'STOPPED');
  });
});

describe('how it ends', () => {
  test('one that ignores SIGTERM is dead when stop returns (15), and one that does not may say goodbye', async (t) => {
    const forever = foreverHome(t);
    const handler = (text: string) => `process.on('SIGTERM', () => { ${text} });\n${stays}`;
    script(forever.home, 'deaf.js', handler("console.log('no');"));
    script(forever.home, 'polite.js', handler("console.log('goodbye'); process.exit();"));
    for (const name of ['deaf.js', 'polite.js']) await forever.ok(['start', name]);
    for (const name of ['deaf', 'polite']) {
      await written(join(forever.root, `${name}.log`), (lines) => lines.length > 0, `${name} runs`);
    }
    const pids = (await forever.list()).map(({ pid }) => Number(pid));
    await forever.ok(['stop', 'polite']);
    assert.deepEqual(events(forever.home, 'instance.killed'), []);
    await forever.ok(['stop', 'deaf']);
    assert.equal(events(forever.home, 'instance.killed').length, 1);
    for (const pid of pids) assert.equal(isAlive(pid), false);
    assert.equal(linesOf(join(forever.root, 'polite.log')).at(-1), 'goodbye');
  });

  test('--killSignal is what it gets; what it started ends with it', async (t) => {
    const forever = foreverHome(t);
    script(
      forever.home,
      'parent.js',
      `const child = require('node:child_process').spawn('sleep', ['1000']);
       process.on('SIGUSR2', () => { console.log('got SIGUSR2'); process.exit(); });
       console.log(child.pid);
       setInterval(() => {}, 1000);`,
    );
    await forever.ok(['start', '--killSignal=SIGUSR2', 'parent.js']);
    const log = join(forever.root, 'parent.log');
    const [child] = await written(log, (lines) => lines.length > 0, 'it says the pid of its child');
    await forever.ok(['stop', 'parent.js']);
    assert.equal(linesOf(log).at(-1), 'got SIGUSR2');
    assert.equal(isAlive(Number(child)), false);
  });
});

describe('what it runs in', () => {
  test('environment, directories and the command (18)', async (t) => {
    const forever = foreverHome(t);
    const { dir } = forever.home;
    for (const name of ['src', 'work']) mkdirSync(join(dir, name));
    const says =
      'console.log(JSON.stringify([process.cwd(), process.env.COLOUR, typeof gc]));\nsetInterval(() => {}, 1000);';
    script(forever.home, 'src/app.js', says);
    const env = { env: { COLOUR: 'mauve' } };
    await forever.ok(['start', '--uid', 'a', 'src/app.js'], env);
    await forever.ok(
      ['start', '--uid', 'b', '--sourceDir', join(dir, 'src'), '-c', 'node --expose-gc', 'app.js'],
      env,
    );
    await forever.ok(['start', '--uid', 'c', '--sourceDir', 'src', '--workingDir', 'work', 'app.js'], env);
    await forever.ok(['start', '--uid', 'd', join(dir, 'src/app.js')], env);
    const expected = {
      a: [dir, 'mauve', 'undefined'],
      b: [join(dir, 'src'), 'mauve', 'function'],
      c: [join(dir, 'work'), 'mauve', 'undefined'],
      // As forever does with an absolute path.
      d: ['/', 'mauve', 'undefined'],
    };
    for (const [uid, words] of Object.entries(expected)) {
      const [line] = await written(
        join(forever.root, `${uid}.log`),
        (lines) => lines.length > 0,
        `${uid} speaks`,
      );
      assert.deepEqual(JSON.parse(line ?? ''), words, uid);
    }
    const commands = (await forever.list()).map(({ command }) => command);
    assert.deepEqual(commands, [process.execPath, 'node --expose-gc', process.execPath, process.execPath]);
  });

  test('another program than node', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.sh', 'echo "shell $1"; exec sleep 1000');
    await forever.ok(['start', '-c', 'sh', 'app.sh', 'one']);
    await written(join(forever.root, 'app.log'), ([line]) => line === 'shell one', 'it speaks');
    assert.equal((await forever.list())[0]?.script, 'app.sh one');
    await forever.ok(['stop', 'app.sh']);
  });

  test('--pidFile holds the pid of the script, also after a restart', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    const file = join(forever.home.dir, 'app.pid');
    await forever.ok(['start', '--pidFile', file, 'app.js']);
    for (const _ of ['first', 'second']) {
      const [row] = await forever.list();
      await until(() => readFileSync(file, 'utf8').trim() === row?.pid, { why: 'the pid is written' });
      await forever.ok(['restart', '0']);
    }
    await forever.ok(['stop', '0']);
    assert.equal(existsSync(file), false);
  });
});

describe('watching files', () => {
  test('a change, a new file and a removed one in either directory restart it; what is ignored does not (17)', async (t) => {
    const forever = foreverHome(t);
    const { dir } = forever.home;
    for (const name of ['one', 'two']) mkdirSync(join(dir, name));
    writeFileSync(join(dir, 'one', 'a.txt'), '1');
    writeFileSync(join(dir, 'one', '.foreverignore'), '*.tmp\n');
    script(forever.home, 'app.js', `${ends()} ${stays}`);
    const watched = [
      '--watchDirectory',
      join(dir, 'one'),
      '--watchDirectory',
      'two',
      '--watchIgnore',
      '*.log',
    ];
    await forever.ok(['start', '-w', ...watched, 'app.js']);
    const ranAgain = async (times: number) => {
      await until(() => runs(forever).length >= times, { why: `it ran ${times} times` });
      await forever.home.ready('app');
    };
    await ranAgain(1);
    for (const [index, change] of [
      () => appendFileSync(join(dir, 'one', 'a.txt'), '2'),
      () => writeFileSync(join(dir, 'two', 'b.txt'), '1'),
      () => rmSync(join(dir, 'two', 'b.txt')),
    ].entries()) {
      writeFileSync(join(dir, 'one', `noise${index}.tmp`), '');
      writeFileSync(join(dir, 'two', `noise${index}.log`), '');
      change();
      await ranAgain(index + 2);
    }
    const files = events(forever.home, 'watch.changed').flatMap(({ data }) => data?.files as string[]);
    assert.deepEqual(
      files.filter((file) => /noise/.test(file)),
      [],
    );
    assert.equal(runs(forever).length, 4, 'once for each change');
  });
});
