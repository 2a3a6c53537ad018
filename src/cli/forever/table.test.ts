import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeStyle } from '../print/style.ts';
import { type ForeverProcess, findTarget } from './process.ts';
import { formatUptime, processTable } from './table.ts';

function foreverProcess(given: Partial<ForeverProcess> = {}): ForeverProcess {
  return {
    name: 'app',
    root: '/root/.forever',
    uid: 'app',
    sourceDir: '/srv/web',
    workingDir: '/srv/web',
    script: '/srv/web/app.js',
    args: ['--port', '80'],
    logFile: '/root/.forever/app.log',
    pid: 41,
    foreverPid: 40,
    running: true,
    uptimeMs: 1024,
    ...given,
  };
}

test("uptime is forever's: days, hours, minutes, seconds", () => {
  assert.equal(formatUptime(((4000 * 24 + 6) * 3600 + 8 * 60 + 25) * 1000), '4000:6:8:25');
  assert.equal(formatUptime(1024), '0:0:0:1.024');
  assert.equal(formatUptime(59_050), '0:0:0:59.05');
  assert.equal(formatUptime(0), '0:0:0:0');
});

test('the table has the chosen columns, an index, and STOPPED', () => {
  const processes = [
    foreverProcess(),
    foreverProcess({
      uid: 'b',
      id: '7',
      command: 'python3',
      running: false,
      uptimeMs: null,
      pid: null,
      args: [],
    }),
  ];
  const columns = ['uid', 'id', 'command', 'script', 'pid', 'uptime', 'nothing'];
  assert.deepEqual(processTable(processes, columns, makeStyle(false)), [
    `    uid id command${' '.repeat(process.execPath.length - 7)} script           pid uptime      nothing`,
    `[0] app    ${process.execPath} app.js --port 80 41  0:0:0:1.024 MISSING`,
    `[1] b   7  python3${' '.repeat(process.execPath.length - 7)} app.js           -   STOPPED     MISSING`,
  ]);
});

test('a target is looked for as a script, an id, an index, a uid and a pid, in this order', () => {
  const all = [
    foreverProcess({ name: 'a', uid: '1', pid: 100 }),
    foreverProcess({ name: 'b', uid: 'x', script: '/srv/other/app.js', sourceDir: '/srv/other', pid: 1 }),
    foreverProcess({ name: 'c', uid: 'app.js', id: '0', pid: 300 }),
  ];
  const names = (target: string, cwd = '/srv/web') => findTarget(target, all, cwd).map(({ name }) => name);
  assert.deepEqual(names('app.js'), ['a', 'c']);
  assert.deepEqual(names('./app.js', '/srv/other'), ['b']);
  assert.deepEqual(names('app.js', '/elsewhere'), ['c']);
  assert.deepEqual(names('/srv/web/app.js', '/elsewhere'), ['a', 'c']);
  assert.deepEqual(names('0'), ['c'], 'an id comes before an index');
  assert.deepEqual(names('1'), ['b'], 'an index comes before a uid and a pid');
  assert.deepEqual(names('x'), ['b']);
  assert.deepEqual(names('300'), ['c']);
  assert.deepEqual(names('3'), []);
  assert.deepEqual(names(''), []);
});
