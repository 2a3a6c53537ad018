/** `hold top` in a real pseudo-terminal, tmux's; what it shows is compared with test/terminal/golden. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../support/cleanup.ts';
import { appView, fakeDaemon, instanceView } from '../support/fake-daemon.ts';
import { requireProgram } from '../support/programs.ts';
import { holdfastBin, root } from '../support/root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

interface Terminal {
  /** What it shows, without blanks at the end. */
  screen(): string;
  send(...keys: string[]): void;
  resize(columns: number, rows: number): void;
  /** A format of tmux(1), such as `#{cursor_flag}`. */
  ask(format: string): string;
  shows(what: RegExp): Promise<string>;
}

function terminal(t: Test, tmux: string, env: Readonly<Record<string, string>>): Terminal {
  const socket = join(tempDir(t), 'tmux');
  const run = (...args: string[]) =>
    execFileSync(tmux, ['-u', '-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  run('new-session', '-d', '-x', '80', '-y', '24', ...variables, 'sh');
  cleanup(t, () => void run('kill-server'));
  const screen = () => run('capture-pane', '-p').replace(/[ \n]+$/, '\n');
  return {
    screen,
    send: (...keys) => void run('send-keys', ...keys),
    ask: (format) => run('display-message', '-p', format).trim(),
    resize: (columns, rows) => void run('resize-window', '-x', String(columns), '-y', String(rows)),
    async shows(what) {
      try {
        await until(() => what.test(screen()), { why: `the screen shows ${what}` });
      } catch (error) {
        throw new Error(`It shows\n${screen()}`, { cause: error });
      }
      return screen();
    },
  };
}

/** The capture is as it was; with HOLDFAST_UPDATE_GOLDEN=1 it is written anew. */
function assertGolden(name: string, screen: string): void {
  const dir = join(root, 'test', 'terminal', 'golden');
  const file = join(dir, `${name}.txt`);
  if (process.env.HOLDFAST_UPDATE_GOLDEN) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(file, screen);
  }
  assert.equal(screen, readFileSync(file, 'utf8'), file);
}

test('hold top on a terminal: sort, filter, drill in, restart, resize, and nothing is left of it', async (t) => {
  const tmux = requireProgram(t, 'tmux');
  if (!tmux) return;
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  const instances = [0, 1, 2].map((slot) => instanceView(`web.${slot}`, { cpu: 0.3, pid: 100 + slot }));
  daemon.apps = [
    appView('web', { wanted: 3, urls: ['https://example.com'], instances }),
    appView('jobs', {
      status: 'failed',
      instances: [instanceView('jobs.0', { status: 'failed', restarts: 10, cpu: null, reason: '壊れた 👍' })],
    }),
  ];
  daemon.details.web = { ports: [], events: [], logFile: '/logs/web.log' };
  const { shows, send, resize, screen, ask } = terminal(t, tmux, {
    HOLDFAST_HOME: home,
    PATH: process.env.PATH ?? '',
    HOLD: `'${process.execPath}' '${holdfastBin}'`,
  });
  send('clear; echo be""fore; eval "$HOLD top"', 'Enter');
  assertGolden('top-80x24', await shows(/web\.2[\s\S]*q quit/));
  resize(200, 50);
  assertGolden('top-200x50', await shows(/example\.com(\n.*){40,}q quit/));
  resize(40, 10);
  assertGolden('top-40x10', await shows(/^(.*\n){9}q quit.*…\n$/));
  resize(80, 24);
  send('s', 's', 's', 's', 's');
  await shows(/CPU↓[\s\S]*web[\s\S]*jobs/);
  send('/', 'web.1');
  await shows(/only "web\.1"(?![\s\S]*web\.2)[\s\S]*\/web\.1_/);
  send('Enter', 'Down', 'Enter');
  await shows(/^web\.1\n[\s\S]*pid +101/);
  send('r');
  await shows(/restart web\.1\? \[y\/N\]/);
  send('y');
  await until(() => daemon.changes().includes('POST /v1/apps/web/restart'), { why: 'it is restarted' });
  assert.deepEqual(daemon.requests.find(({ what }) => what.endsWith('/restart'))?.body, { slot: 1 });
  await shows(/web\.1 is restarted/);
  send('q', 'q');
  // What was there before, and the prompt.
  await shows(/^before\n\S? ?\n$/);
  // The keyboard is the shell's again.
  send('echo af""ter', 'Enter');
  await shows(/\nafter\n/);
  assert.doesNotMatch(screen(), /web\.0/);

  // The same when it is ended from outside.
  const pidFile = join(home, 'top.pid');
  send(`clear; echo be""fore; sh -c 'echo $$ > "${pidFile}"; eval "exec $HOLD top"'`, 'Enter');
  await shows(/web\.2[\s\S]*q quit/);
  assert.equal(ask('#{alternate_on} #{cursor_flag}'), '1 0');
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
  await shows(/^before\n[^\n]*\n?$/);
  assert.equal(ask('#{alternate_on} #{cursor_flag} #{wrap_flag}'), '0 1 1');
  send('echo af""ter', 'Enter');
  await shows(/\nafter\n/);
});
