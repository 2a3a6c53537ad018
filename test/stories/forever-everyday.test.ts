/** `hold forever` does what forever's users type every day. Numbers: assertions of forever's own test suites. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { foreverHome, rows, stays } from '../forever/forever.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { until } from '../support/until.ts';

describe('start, list, stop', () => {
  test('what is started is listed, and after stop 0 it is not (1, 2)', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    const said = await forever.ok(['start', 'app.js', '--port', '8080']);
    assert.match(said, /^warn: {4}--minUptime not set\. Defaulting to: 1000ms$/m);
    assert.match(said, /^warn: {4}--spinSleepTime not set\. Your script will exit/m);
    assert.match(said, /^info: {4}Forever processing file: app\.js$/m);

    const [row, ...others] = await forever.list();
    assert.equal(others.length, 0);
    assert.equal(row?.script, 'app.js --port 8080');
    assert.equal(row?.logfile, join(forever.root, 'app.log'));
    assert.match(row?.uptime ?? '', /^0:0:\d+:\d+(\.\d+)?$/);
    assert.equal(Number(row?.forever), forever.home.daemonPid());
    const pid = Number(row?.pid);
    assert.ok(isAlive(pid));
    assert.equal(readFileSync(join(forever.root, 'pids', 'app.pid'), 'utf8').trim(), String(pid));

    const stopped = await forever.ok(['stop', '0']);
    assert.match(stopped, /^info: {4}Forever stopped process:$/m);
    assert.equal(rows(stopped)[0]?.script, 'app.js --port 8080');
    assert.equal(isAlive(pid), false);
    assert.equal(existsSync(join(forever.root, 'pids', 'app.pid')), false);
    assert.equal(await forever.ok(['list']), 'info:    No forever processes running\n');
  });

  test('by a relative path from another directory (3), by uid, id, child pid (7), and with `end`', async (t) => {
    const forever = foreverHome(t);
    mkdirSync(join(forever.home.dir, 'below'));
    script(forever.home, 'app.js', stays);
    const below = { cwd: join(forever.home.dir, 'below') };
    const targets: readonly ((pid: string) => string[])[] = [
      () => ['stop', '../app.js'],
      () => ['stop', 'my.uid'],
      () => ['end', 'the-id'],
      (pid) => ['stop', pid],
      (pid) => ['stopbypid', pid],
    ];
    for (const target of targets) {
      await forever.ok(['start', '-a', '--uid', 'my.uid', '--id', 'the-id', '../app.js'], below);
      const [row] = await forever.list();
      assert.equal(row?.uid, 'my.uid');
      assert.equal(row?.id, 'the-id');
      await forever.ok(target(row?.pid ?? ''), below);
      assert.deepEqual(await forever.list(), []);
      assert.equal(isAlive(Number(row?.pid)), false);
    }
  });

  test('in a directory with blanks in its name (10)', async (t) => {
    const forever = foreverHome(t, { dir: 'with blanks' });
    mkdirSync(join(forever.home.dir, 'with blanks'));
    script(forever.home, 'with blanks/my app.js', stays);
    await forever.ok(['start', 'my app.js']);
    assert.equal((await forever.list())[0]?.script, 'my app.js');
    await forever.ok(['stop', 'my app.js']);
    assert.deepEqual(await forever.list(), []);
  });

  test('the same script twice is two processes, and its name means both', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    await forever.ok(['start', 'app.js', 'one']);
    await forever.ok(['start', 'app.js', 'two']);
    assert.deepEqual(
      (await forever.list()).map((row) => row.script),
      ['app.js one', 'app.js two'],
    );
    assert.equal(rows(await forever.ok(['stop', 'app.js'])).length, 2);
    assert.deepEqual(await forever.list(), []);
  });

  test('uids that are no names of apps, the name of another app, and one uid three times at once', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    await forever.home.ok(['start', app('never-listens.js'), '-n', 'own']);
    const uids = ['all', '7', 'a b.c', 'own'];
    for (const uid of uids) await forever.ok(['start', '--uid', uid, 'app.js']);
    await Promise.all([1, 2, 3].map(() => forever.ok(['start', '-a', '--uid', 'same', 'app.js'])));
    assert.deepEqual(
      (await forever.list()).map((row) => row.uid),
      [...uids, 'same', 'same', 'same'],
    );
    assert.equal(new Set((await forever.list()).map((row) => row.pid)).size, 7);
    for (const uid of uids) assert.equal(rows(await forever.ok(['stop', uid])).length, 1, uid);
    assert.equal(rows(await forever.ok(['stop', 'same'])).length, 3);
    assert.equal((await forever.home.apps()).length, 1);
  });

  test('restart starts again what runs and what has ended', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    script(forever.home, 'once.js', 'process.exit(3);');
    await forever.ok(['start', 'app.js']);
    await forever.ok(['start', 'once.js']);
    await forever.listed(({ uid, uptime }) => uid === 'once' && uptime === 'STOPPED', 'once.js has ended');
    script(forever.home, 'once.js', stays);
    const [before] = await forever.list();

    const said = await forever.ok(['restart', 'app.js']);
    assert.match(said, /^info: {4}Forever restarted process\(es\):$/m);
    assert.notEqual(rows(said)[0]?.pid, before?.pid);
    assert.equal(isAlive(Number(before?.pid)), false);
    const all = await forever.ok(['restartall']);
    assert.match(all, /^info: {4}Forever restarted processes:$/m);
    assert.equal(rows(all).length, 2);
    await forever.listed(({ uid, uptime }) => uid === 'once' && uptime !== 'STOPPED', 'once.js runs');
  });
});

describe('exit codes and words that scripts know', () => {
  test('a missing script does not start: 255 (18)', async (t) => {
    const forever = foreverHome(t);
    const { code, stdout } = await forever.run(['start', 'none.js']);
    assert.equal(code, 255);
    assert.match(stdout, /^error: {3}Cannot start forever$/m);
    assert.match(
      stdout,
      new RegExp(`^error: {3}script ${join(forever.home.dir, 'none.js')} does not exist\\.$`, 'm'),
    );
  });

  test('an existing log is not written over: 255, unless -a', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    const log = join(forever.home.dir, 'kept.log');
    writeFileSync(log, 'precious\n');
    const { code, stdout } = await forever.run(['start', '-l', log, 'app.js']);
    assert.equal(code, 255);
    assert.ok(
      stdout.includes(`log file ${log} exists. Use the -a or --append option to append log.`),
      stdout,
    );
    assert.deepEqual(await forever.list(), []);
    assert.equal(readFileSync(log, 'utf8'), 'precious\n');
    await forever.ok(['start', '-a', '-l', log, 'app.js']);
    await until(() => readFileSync(log, 'utf8').startsWith('precious\nruns with'), {
      why: 'it is continued',
    });
  });

  test('an unknown target: 1; nothing at all: 0', async (t) => {
    const forever = foreverHome(t);
    for (const [args, words] of [
      [['stop', '99'], 'error:   Forever cannot find process with id: 99'],
      [['stop', 'none.js'], 'error:   Forever cannot find process with id: none.js'],
      [['stopbypid', '1'], 'error:   Forever cannot find process with id: 1'],
      [['restart', 'none'], 'error:   Cannot find forever process: none'],
    ] as const) {
      const { code, stdout } = await forever.run(args);
      assert.equal(code, 1, args.join(' '));
      assert.ok(stdout.includes(`${words}\n`), stdout);
    }
    for (const action of ['stopall', 'restartall', 'list']) {
      assert.equal(await forever.ok([action]), 'info:    No forever processes running\n');
    }
    assert.equal(existsSync(forever.home.paths.home), false, 'to look needs no daemon');
  });

  test('an option that does not exist starts nothing', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    const { code, stdout } = await forever.run(['start', '--minUpTime', '5', 'app.js']);
    assert.equal(code, 255);
    assert.match(stdout, /Unknown option "--minUpTime": did you mean "minUptime"\?/);
    assert.deepEqual(await forever.list(), []);
  });

  test('a wrong value is told with its option', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    for (const [args, words] of [
      [['-m', 'many'], 'Option "--max" must be a whole number such as 1000: got "many"'],
      [['--killSignal', 'SIGFOO'], 'Option "--killSignal" must be a signal such as SIGTERM: got "SIGFOO"'],
      [['-c', 'no-such-program'], '"no-such-program" is neither a program in PATH nor the file'],
      [['-p', '/proc/none'], 'Cannot make the directory "/proc/none/pids"'],
    ] as const) {
      const { code, stdout } = await forever.run(['start', ...args, 'app.js']);
      assert.equal(code, 255, args.join(' '));
      assert.ok(stdout.includes(words), stdout);
    }
    assert.deepEqual(await forever.list(), []);
  });

  test('without a word, and with the version', async (t) => {
    const forever = foreverHome(t);
    for (const args of [[], ['--help'], ['start'], ['stop'], ['columns'], ['set', 'x']]) {
      assert.match(await forever.ok(args), /^usage: hold forever \[action\] \[options\] SCRIPT/);
    }
    assert.match(await forever.ok(['--version']), /^v4\.0\.3 /);
  });
});

describe('columns and settings', () => {
  test('reset, rm, add, and what is said of those that are there, missing or unknown (11)', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    const heads = async () => Object.keys((await forever.list())[0] ?? {});
    await forever.ok(['start', 'app.js']);
    assert.deepEqual(await heads(), [
      'uid',
      'command',
      'script',
      'forever',
      'pid',
      'id',
      'logfile',
      'uptime',
    ]);
    assert.equal(
      await forever.ok(['columns', 'reset']),
      'info:    Setting columns: uid command script forever pid logfile uptime\n',
    );
    assert.deepEqual(await heads(), ['uid', 'command', 'script', 'forever', 'pid', 'logfile', 'uptime']);
    assert.equal(await forever.ok(['columns', 'rm', 'uid']), 'info:    Removing column: uid\n');
    assert.equal(await forever.ok(['columns', 'rm', 'uid']), "warn:    uid doesn't exist in forever\n");
    assert.equal(await forever.ok(['columns', 'add', 'dir']), 'info:    Adding column: dir\n');
    assert.equal(await forever.ok(['columns', 'add', 'dir']), 'warn:    dir already exists in forever\n');
    assert.equal(await forever.ok(['columns', 'add', 'none']), 'error:   Unknown column: none\n');
    assert.deepEqual(await heads(), ['command', 'script', 'forever', 'pid', 'logfile', 'uptime', 'dir']);
    assert.equal((await forever.list())[0]?.dir, forever.home.dir);
    await forever.ok(['columns', 'set', 'pid script']);
    assert.deepEqual(await heads(), ['pid', 'script']);
  });

  test('set and clear are kept in the root', async (t) => {
    const forever = foreverHome(t);
    assert.match(
      await forever.ok(['set', 'loglength', '7']),
      /info: {4}Forever config saved: .*config\.json\n$/,
    );
    assert.match(await forever.ok(['config']), /^data: {6}loglength: '7',$/m);
    assert.equal(JSON.parse(readFileSync(join(forever.root, 'config.json'), 'utf8')).loglength, '7');
    await forever.ok(['clear', 'loglength']);
    assert.match(await forever.ok(['config']), /^data: {6}loglength: 100,$/m);
    assert.match(await forever.ok(['clear', 'root']), /Cannot clear reserved config: root/);
  });
});

describe('nobody else is touched', () => {
  test('other apps of the home, and those of another root, are not listed and not stopped', async (t) => {
    const forever = foreverHome(t);
    script(forever.home, 'app.js', stays);
    const elsewhere = { env: { FOREVER_ROOT: join(forever.home.dir, 'elsewhere') } };
    await forever.home.ok(['start', app('never-listens.js'), '-n', 'own']);
    await forever.ok(['start', 'app.js', 'there'], elsewhere);
    await forever.ok(['start', '-p', elsewhere.env.FOREVER_ROOT, 'app.js', 'there too']);
    await forever.ok(['start', 'app.js', 'here']);
    assert.deepEqual(
      (await forever.list()).map((row) => row.script),
      ['app.js here'],
    );
    assert.deepEqual(
      (await forever.list(elsewhere)).map((row) => row.script),
      ['app.js there', 'app.js there too'],
    );
    await forever.ok(['stopall']);
    assert.equal((await forever.list(elsewhere)).length, 2);
    assert.equal((await forever.home.apps()).find(({ name }) => name === 'own')?.status, 'running');
  });
});
