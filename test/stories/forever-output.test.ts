/** `hold forever`: log files as forever's users know them, and scripts in the foreground. Numbers: assertions of its test suites. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { foreverHome, linesOf, stays, written } from '../forever/forever.ts';
import { isAlive } from '../support/processes.ts';
import { script } from '../support/scripts.ts';
import { until } from '../support/until.ts';

/** Ten lines on each stream, then the end. */
const tenLines = `for (let n = 1; n <= 10; n++) { console.log('out', n); console.error('err', n); }
process.exitCode = 1;
`;

describe('log files', () => {
  test('go on over five runs: 50 lines of each stream (16)', async (t) => {
    const forever = foreverHome(t);
    const { dir } = forever.home;
    script(forever.home, 'ten.js', tenLines);
    writeFileSync(join(dir, 'out.log'), 'of an earlier start\n');
    const files = ['-l', join(dir, 'all.log'), '-o', 'out.log', '-e', 'err.log'];
    await forever.ok(['start', '-m', '5', '--minUptime', '1', '--spinSleepTime', '10', ...files, 'ten.js']);
    await forever.listed(({ uptime }) => uptime === 'STOPPED', 'it has run five times');
    const numbers = [...Array(50).keys()].map((n) => (n % 10) + 1);
    // Without -a what was there is gone.
    assert.deepEqual(
      linesOf(join(dir, 'out.log')),
      numbers.map((n) => `out ${n}`),
    );
    assert.deepEqual(
      linesOf(join(dir, 'err.log')),
      numbers.map((n) => `err ${n}`),
    );
    const all = linesOf(join(dir, 'all.log'));
    assert.equal(all.length, 100);
    assert.deepEqual(
      all.filter((line) => line.startsWith('out')),
      numbers.map((n) => `out ${n}`),
    );
  });

  test('with -a they are continued: 10 lines and 30 more (16)', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'ten.js', tenLines);
    for (const max of ['1', '3']) {
      const options = [
        '-a',
        '-m',
        max,
        '--minUptime',
        '1',
        '--spinSleepTime',
        '10',
        '-o',
        'out.log',
        '--uid',
        'ten',
      ];
      await forever.ok(['start', ...options, 'ten.js']);
      await forever.listed(({ uptime }) => uptime === 'STOPPED', `it has run ${max} times`);
    }
    assert.equal(linesOf(join(forever.home.dir, 'out.log')).length, 40);
    assert.equal(linesOf(join(forever.root, 'ten.log')).length, 80);
  });

  test('a restart by hand loses nothing of them', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    await forever.ok(['start', '-o', 'out.log', 'app.js']);
    const out = join(forever.home.dir, 'out.log');
    await written(out, (lines) => lines.length === 1, 'it speaks');
    await forever.ok(['restart', '0']);
    await written(out, (lines) => lines.length === 2, 'it speaks again, below the first line');
  });

  test('lie in the root, with the pids, unless told otherwise (9)', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    await forever.ok(['start', '--uid', 'one', 'app.js']);
    await forever.ok(['start', '--uid', 'two', '-l', 'named.log', '--pidFile', 'named.pid', 'app.js']);
    await forever.ok(['start', '--uid', 'three', '-s', 'app.js']);
    for (const name of ['one.log', 'named.log']) {
      await written(join(forever.root, name), (lines) => lines.length === 1, `${name} has a line`);
    }
    const pids = (await forever.list()).map(({ pid }) => pid);
    assert.deepEqual(
      ['one.pid', 'named.pid', 'three.pid'].map((name) =>
        readFileSync(join(forever.root, 'pids', name), 'utf8').trim(),
      ),
      pids,
    );
    assert.equal(existsSync(join(forever.root, 'three.log')), false, 'silent');
    assert.match(await forever.ok(['logs', 'three']), /app\.js:\d+ - runs with/);
    assert.match(await forever.ok(['logs']), /^data: {4}\[1\] app\.js .*named\.log$/m);

    writeFileSync(join(forever.root, 'old.log'), '');
    writeFileSync(join(forever.root, 'old.txt'), '');
    await forever.ok(['cleanlogs']);
    assert.deepEqual(
      ['one.log', 'named.log', 'old.txt', 'old.log'].map((name) => existsSync(join(forever.root, name))),
      [true, true, true, false],
    );
  });

  test('logs prints file, pid and line (8), as many as asked for, and follows', async (t) => {
    const forever = foreverHome(t);
    const { home } = forever;
    script(
      home,
      'app.js',
      "let n = 0; process.on('SIGUSR2', () => console.log('line', ++n)); console.log('up'); setInterval(() => {}, 1000);",
    );
    await forever.ok(['start', 'app.js']);
    const log = join(forever.root, 'app.log');
    await written(log, (lines) => lines.length === 1, 'it is up');
    const [{ pid = '' } = {}] = await forever.list();
    const speaks = async (count: number) => {
      process.kill(Number(pid), 'SIGUSR2');
      await written(log, (lines) => lines.length === count, `there are ${count} lines`);
    };
    await speaks(2);
    await speaks(3);
    assert.equal(
      await forever.ok(['logs', '0', '-n', '2']),
      `data:    app.js:${pid} - line 1\ndata:    app.js:${pid} - line 2\n`,
    );
    assert.equal(await forever.ok(['logs', 'app.js']), await forever.ok(['logs', '0']));
    const following = forever.background(['logs', 'app.js', '-f', '-n', '1']);
    await until(() => following.lines().length === 1, { why: 'the past is shown' });
    await speaks(4);
    await until(() => following.lines()[1] === `data:    app.js:${pid} - line 3`, { why: 'it follows' });
    assert.equal((await forever.run(['logs', 'none'])).code, 1);
  });

  test('nothing of 5,000 lines before an exit is lost', async (t) => {
    const forever = foreverHome(t);
    script(
      forever.home,
      'much.js',
      "for (let n = 1; n <= 5000; n++) console.log('line', n); process.exit(1);",
    );
    await forever.ok(['start', '-m', '1', '-o', 'out.log', 'much.js']);
    await forever.listed(({ uptime }) => uptime === 'STOPPED', 'it has ended');
    assert.equal(linesOf(join(forever.home.dir, 'out.log')).length, 5000);
  });
});

describe('in the foreground', () => {
  test('its output is seen, it is listed, and Ctrl-C ends it', async (t) => {
    const forever = foreverHome(t);
    script(
      forever.home,
      'app.js',
      "process.on('SIGTERM', () => setTimeout(() => { console.log('goodbye'); process.exit(); }, 1200)); console.error('to stderr');\n" +
        stays,
    );
    const front = forever.background(['app.js', '-x']);
    const row = await forever.listed(({ script }) => script === 'app.js -x', 'it is listed');
    await until(() => front.stdout().includes('runs with -x') && front.stderr().includes('to stderr'), {
      why: 'both streams are passed on',
    });
    // Longer than other commands may take after an interruption.
    assert.equal(await front.stop('SIGINT'), 130);
    assert.match(front.stdout(), /goodbye\n$/);
    assert.equal(isAlive(Number(row.pid)), false);
    assert.deepEqual(await forever.list(), []);
  });

  test('it is started again as it is told to, and its last exit code is that of the command', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'ten.js', tenLines.replace('exitCode = 1', 'exitCode = 7'));
    const { code, stdout, stderr } = await forever.run([
      '-m',
      '3',
      '--minUptime',
      '1',
      '--spinSleepTime',
      '10',
      'ten.js',
    ]);
    assert.equal(code, 7);
    assert.equal(stdout.match(/^out \d+$/gm)?.length, 30);
    assert.equal(stderr.match(/^err \d+$/gm)?.length, 30);
    assert.equal(stdout.match(/Forever detected script exited with code: 7/g)?.length, 3);
    assert.match(stdout, /^\{"level":"error","message":"Script restart attempt #2"\}$/m);
    assert.deepEqual(await forever.list(), []);
  });

  test('it outlives the daemon', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', `process.on('SIGUSR2', () => console.log('still here'));\n${stays}`);
    const front = forever.background(['app.js']);
    await until(() => front.stdout().includes('runs with'), { why: 'it runs' });
    const [{ pid = '' } = {}] = await forever.list();
    process.kill(forever.home.daemonPid(), 'SIGKILL');
    assert.equal((await forever.list())[0]?.pid, pid);
    process.kill(Number(pid), 'SIGUSR2');
    await until(() => front.stdout().includes('still here'), { why: 'its output is seen' });
    assert.equal(await front.stop('SIGTERM'), 143);
    assert.deepEqual(await forever.list(), []);
  });

  test('a missing script is an error like that of start', async (t) => {
    const forever = foreverHome(t);
    const { code, stdout } = await forever.run(['lists']);
    assert.equal(code, 255);
    assert.match(stdout, /error: {3}script .*lists does not exist\./);
  });
});
