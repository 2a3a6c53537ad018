/** With `watch`, what runs is what is on disk. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { WatchPlan } from '../../src/config/plan.ts';
import type { Test } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { logged } from '../support/log-file.ts';
import { freePort } from '../support/ports.ts';
import { versioned } from '../support/scripts.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

type WatchSettings = true | readonly string[] | Partial<Pick<WatchPlan, 'ignore' | 'extensions'>>;

interface Watched {
  readonly home: TestHome;
  /** The app's directory. */
  readonly src: string;
  write(name: string, text?: string): void;
  /** What each restart said about the files, in order. */
  changes(): { files: string[]; count: number }[];
  /** Waits until this many restarts are over. */
  restarted(times: number): Promise<void>;
}

/** An app that prints what is in a file beside it, and lives. */
const PROGRAM = `console.log(require('./text.js'));
setInterval(() => {}, 1000);
`;

async function watched(t: Test, watch: WatchSettings = true, more: object = {}): Promise<Watched> {
  const home = testHome(t);
  const src = join(home.dir, 'src');
  mkdirSync(src);
  const write = (name: string, text = 'x') => writeFileSync(join(src, name), text);
  write('app.js', PROGRAM);
  write('text.js', 'module.exports = "one"');
  configure(home, { apps: { web: { run: 'app.js', cwd: 'src', watch: watch as true, ...more } } });
  await home.ok(['up']);
  return {
    home,
    src,
    write,
    changes: () =>
      events(home, 'watch.changed', 'web').map(({ data }) => data as { files: string[]; count: number }),
    async restarted(times) {
      await happened(home, 'rollout.done', { about: 'web', after: times - 1 });
    },
  };
}

const saidBy = (home: TestHome) => logged(home, 'web').map(({ text }) => text);

describe('an app that is watched', () => {
  test('is restarted when a file is saved, however the editor does it', async (t) => {
    const { home, src, write, changes, restarted } = await watched(t);
    const [first] = await home.ready('web', 1);
    write('text.js', 'module.exports = "written"');
    await restarted(1);
    write('text.js.new', 'module.exports = "renamed"');
    renameSync(join(src, 'text.js.new'), join(src, 'text.js'));
    await restarted(2);
    rmSync(join(src, 'text.js'));
    write('text.js', 'module.exports = "made anew"');
    await restarted(3);
    const [last] = await home.ready('web', 1);
    assert.notEqual(last?.pid, first?.pid);
    assert.deepEqual(saidBy(home), ['one', 'written', 'renamed', 'made anew']);
    assert.deepEqual(
      changes().map(({ files }) => files.includes('text.js')),
      [true, true, true],
    );
    assert.equal(events(home, 'watch.changed', 'web')[0]?.reason, 'text.js has changed');
  });

  test('is restarted once for a thousand files at once', async (t) => {
    const { home, src, changes, restarted, write } = await watched(t);
    // As slow as this machine may write them, the daemon sees them at once.
    process.kill(home.daemonPid(), 'SIGSTOP');
    mkdirSync(join(src, 'lib'));
    for (let n = 0; n < 1000; n++) write(`lib/file-${n}.js`);
    process.kill(home.daemonPid(), 'SIGCONT');
    await restarted(1);
    write('text.js', 'module.exports = "two"');
    await restarted(2);
    const [many, one] = changes();
    assert.equal(many?.count, 1000);
    assert.equal(many?.files.length, 10);
    assert.deepEqual(one, { files: ['text.js'], count: 1 });
    assert.equal(changes().length, 2);
  });

  test('is not restarted for what is ignored, nor for other kinds of files', async (t) => {
    const { src, write, changes, restarted } = await watched(t, {
      ignore: ['uploads', 'tmp/*.js'],
      extensions: ['js'],
    });
    for (const dir of ['node_modules/x', '.git', 'uploads', 'tmp'])
      mkdirSync(join(src, dir), { recursive: true });
    const ignored = [
      'node_modules/x/a.js',
      '.git/a.js',
      'uploads/a.js',
      'tmp/a.js',
      'a.css',
      '.a.js',
      'a.log',
    ];
    for (const name of ignored) write(name);
    write('text.js', 'module.exports = "two"');
    await restarted(1);
    for (const name of ignored) write(name, 'again');
    write('text.js', 'module.exports = "three"');
    await restarted(2);
    assert.deepEqual(changes(), [
      { files: ['text.js'], count: 1 },
      { files: ['text.js'], count: 1 },
    ]);
  });

  test('watches what it is told to: files, directories, and what links lead to', async (t) => {
    const elsewhere = tempDir(t);
    mkdirSync(join(elsewhere, 'lib'));
    const { src, write, changes, restarted } = await watched(t, ['lib', 'settings.json', 'later']);
    write('text.js', 'module.exports = "not watched"');
    write('settings.json', '{}');
    await restarted(1);
    symlinkSync(join(elsewhere, 'lib'), join(src, 'lib'));
    writeFileSync(join(elsewhere, 'lib/a.js'), 'x');
    await restarted(2);
    writeFileSync(join(elsewhere, 'lib/a.js'), 'y');
    await restarted(3);
    mkdirSync(join(src, 'later'));
    write('later/b.js');
    await restarted(4);
    rmSync(join(src, 'later/b.js'));
    await restarted(5);
    assert.deepEqual(
      changes().map(({ files }) => files.join(' ')),
      ['settings.json', 'lib/a.js', 'lib/a.js', 'later/b.js', 'later/b.js'],
    );
  });

  test('is restarted once more for what changes while it restarts', async (t) => {
    const home = testHome(t);
    const src = join(home.dir, 'src');
    mkdirSync(src);
    // It gets ready when a file says so, which is not watched.
    const program = `const { existsSync } = require('node:fs');
const look = () => existsSync('.go') && process.send('ready');
setInterval(look, 20);
`;
    writeFileSync(join(src, 'app.js'), program);
    writeFileSync(join(src, '.go'), '');
    configure(home, { apps: { web: { run: 'app.js', cwd: 'src', watch: true, ready: 'message' } } });
    await home.ok(['up']);
    rmSync(join(src, '.go'));
    writeFileSync(join(src, 'a.js'), '1');
    await happened(home, 'watch.changed', { about: 'web' });
    await happened(home, 'instance.spawned', { about: 'web', after: 1 });
    for (let n = 0; n < 5; n++) writeFileSync(join(src, `b${n}.js`), 'x');
    writeFileSync(join(src, '.go'), '');
    await happened(home, 'rollout.done', { about: 'web', after: 1 });
    const changes = events(home, 'watch.changed', 'web').map(({ data }) => data?.count);
    assert.deepEqual(changes, [1, 5]);
    assert.equal(events(home, 'rollout.started', 'web').length, 2);
  });

  for (const [state, restart] of [
    ['had failed', { giveUpAfter: { crashes: 2 }, backoff: ['10ms', '20ms'] as [string, string] }],
    ['waits long for its next start', { backoff: ['1h', '1h'] as [string, string] }],
  ] as const) {
    test(`that ${state} is tried at once when it is mended`, async (t) => {
      const home = testHome(t);
      const src = join(home.dir, 'src');
      mkdirSync(src);
      writeFileSync(join(src, 'app.js'), 'throw new Error("broken")');
      configure(home, { apps: { web: { run: 'app.js', cwd: 'src', watch: true, restart } } });
      assert.match((await home.run(['up'])).stderr, /broken/);
      const ill = state === 'had failed' ? 'instance.failed' : 'instance.backoff';
      await happened(home, ill, { about: 'web' });
      writeFileSync(join(src, 'app.js'), 'setInterval(() => {}, 1000)');
      await home.ready('web', 1);
    });
  }

  test('goes on as it was when what was saved does not start', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const src = join(home.dir, 'src');
    mkdirSync(src);
    writeFileSync(join(src, 'app.js'), versioned('1'));
    configure(home, { apps: { web: { run: 'app.js', cwd: 'src', port, watch: true } } });
    await home.ok(['up']);
    const answer = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
    writeFileSync(join(src, 'app.js'), 'this is no program');
    await happened(home, 'rollout.failed', { about: 'web' });
    assert.match(await answer(), /^version 1 /);
    writeFileSync(join(src, 'app.js'), versioned('2'));
    await until(async () => (await answer()).startsWith('version 2 '), { why: 'version 2 answers' });
  });

  test('is left alone once it is stopped, and watched again once it is started', async (t) => {
    const { home, write, changes, restarted } = await watched(t);
    await home.ok(['stop', 'web']);
    write('text.js', 'module.exports = "while it was stopped"');
    await home.ok(['start', 'web']);
    write('text.js', 'module.exports = "after"');
    await restarted(1);
    assert.equal(changes().length, 1);
    assert.deepEqual(saidBy(home), ['one', 'while it was stopped', 'after']);
    await home.ok(['delete', 'web']);
    write('text.js', 'module.exports = "deleted"');
    assert.equal(changes().length, 1);
  });

  test('is watched as its new settings say', async (t) => {
    const { home, src, write, changes, restarted } = await watched(t);
    mkdirSync(join(src, 'lib'));
    configure(home, { apps: { web: { run: 'app.js', cwd: 'src', watch: ['lib'] } } });
    await home.ok(['up']);
    const before = events(home, 'rollout.done', 'web').length;
    write('text.js', 'module.exports = "two"');
    write('lib/a.js');
    await restarted(before + 1);
    assert.deepEqual(changes().at(-1), { files: ['lib/a.js'], count: 1 });
  });

  test('is watched by the next daemon too', async (t) => {
    const { home, write, restarted } = await watched(t);
    const daemon = home.daemonPid();
    process.kill(daemon, 'SIGKILL');
    await happened(home, 'instance.adopted', { about: 'web' });
    await home.apps();
    write('text.js', 'module.exports = "two"');
    await restarted(1);
    assert.ok(saidBy(home).includes('two'));
  });

  test('is not restarted for what Holdfast itself writes beside it', async (t) => {
    const { home, src, write, changes, restarted } = await watched(t, true, {
      pidFile: 'app.pid',
      log: { files: { out: 'output.txt', append: true } },
    });
    const pidIn = () => Number(readFileSync(join(src, 'app.pid'), 'utf8'));
    await until(async () => pidIn() === (await home.ready('web', 1))[0]?.pid, {
      why: 'the pid file is right',
    });
    write('text.js', 'module.exports = "two"');
    await restarted(1);
    await until(() => readFileSync(join(src, 'output.txt'), 'utf8') === 'one\ntwo\n', {
      why: 'the output is in its file',
    });
    write('text.js', 'module.exports = "three"');
    await restarted(2);
    assert.deepEqual(
      changes().map(({ files }) => files),
      [['text.js'], ['text.js']],
    );
  });
});

test('an app that writes into what is watched is not restarted for ever', async (t) => {
  const { home, write, restarted } = await watched(t);
  write('app.js', `require('node:fs').writeFileSync('cache.json', '{}');\n${PROGRAM}`);
  const last = await until(() => events(home, 'watch.changed', 'web').find(({ data }) => data?.ignored), {
    why: 'the habit is known',
    deadline: 60_000,
  });
  assert.match(last.reason ?? '', /^cache\.json has changed after each restart/);
  const before = events(home, 'rollout.done', 'web').length;
  write('cache.json', '{"again":true}');
  write('text.js', 'module.exports = "two"');
  await restarted(before + 1);
  assert.deepEqual(events(home, 'watch.changed', 'web').at(-1)?.data, { files: ['text.js'], count: 1 });
});

test('the daemon does not grow with what is in node_modules', async (t) => {
  if (!existsSync('/proc/self/fdinfo')) return t.skip('needs /proc');
  const { home, src, write, restarted } = await watched(t);
  for (let dir = 0; dir < 300; dir++) {
    mkdirSync(join(src, `node_modules/package-${dir}/lib`), { recursive: true });
  }
  write('text.js', 'module.exports = "two"');
  await restarted(1);
  const watches = inotifyWatches(home.daemonPid());
  assert.ok(watches < 20, `${watches} directories are watched`);
});

/** See proc(5), fdinfo. */
function inotifyWatches(pid: number): number {
  const dir = `/proc/${pid}/fdinfo`;
  const infos = readdirSync(dir).map((fd) => {
    try {
      return readFileSync(join(dir, fd), 'utf8');
    } catch {
      return '';
    }
  });
  return infos.join('').match(/^inotify wd:/gm)?.length ?? 0;
}
