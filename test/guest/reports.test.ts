/** Node's diagnostic reports, arranged by the guest: of a heap that is full, and of an event loop that is blocked. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { allNodes } from '../support/nodes.ts';
import { until } from '../support/until.ts';
import { Daemon } from './play-daemon.ts';

const BLOCK = `function workHard(ms) { const end = Date.now() + ms; while (Date.now() < end); }
process.on('SIGUSR2', () => console.log('mine'));
process.stdin.resume();`;

async function withReports(t: Parameters<typeof Daemon.start>[0]) {
  const daemon = await Daemon.start(t);
  const reports = join(daemon.dir, 'reports');
  mkdirSync(reports);
  const read = (what: string) => JSON.parse(readFileSync(join(reports, `web.0.1.${what}.json`), 'utf8'));
  return { daemon, reports, read };
}

for (const { major, path } of allNodes()) {
  describe(`Node ${major}`, () => {
    test('a full heap leaves a report', async (t) => {
      const { daemon, reports, read } = await withReports(t);
      const app = daemon.run({
        node: path,
        orders: { reports },
        nodeArgs: ['--max-old-space-size=30'],
        code: 'const all = []; function fill() { for (;;) all.push(new Array(1000).fill({ a: 1 })); } fill();',
      });
      await app.ended();
      assert.match(app.output, /JavaScript heap out of memory/);
      const { header, environmentVariables } = read('report');
      assert.equal(header.trigger, 'OOMError');
      assert.ok(header.nodejsVersion);
      console.log(
        '#',
        major,
        Object.keys(header).includes('networkInterfaces'),
        environmentVariables === undefined,
      );
    });

    test('a blocked event loop: its stack and a report', async (t) => {
      const { daemon, reports, read } = await withReports(t);
      const app = daemon.run({
        node: path,
        orders: { reports, watchdogMs: 400 },
        code: `${BLOCK} setTimeout(() => workHard(60000), 300);`,
      });
      await until(() => existsSync(join(reports, 'web.0.1.report.json')) && read('report'), {
        why: 'a report',
      });
      await until(() => read('blocked').report, { why: 'it is complete' });
      assert.match(read('blocked').stack[0], /^at workHard \(\S*:1:\d+\)$/);
      const { javascriptStack } = read('report');
      assert.ok(javascriptStack.stack.some((line: string) => line.includes('workHard')));
      app.child.kill('SIGKILL');
    });

    test('a short block, and a SIGSTOP, leave nothing; the app goes on', async (t) => {
      const { daemon, reports } = await withReports(t);
      const app = daemon.run({
        node: path,
        orders: { reports, watchdogMs: 1500 },
        code: `${BLOCK} setTimeout(() => { workHard(700); console.log('went on'); }, 300); setInterval(() => console.log('tick'), 100);`,
      });
      await app.printed('went on');
      app.child.kill('SIGSTOP');
      await sleep(2500);
      app.output = '';
      app.child.kill('SIGCONT');
      await app.printed(/tick\n(.*\n)*tick/);
      assert.deepEqual(readdirSync(reports), []);
      app.child.kill('SIGKILL');
    });

    test('one that comes back a little too late takes back what was written', async (t) => {
      const { daemon, reports } = await withReports(t);
      const app = daemon.run({
        node: path,
        orders: { reports, watchdogMs: 400 },
        code: `${BLOCK} setTimeout(() => { workHard(1500); console.log('went on'); }, 300); setInterval(() => {}, 100);`,
      });
      await until(() => existsSync(join(reports, 'web.0.1.blocked.json')), { why: 'it is noted' });
      await app.printed('went on');
      await until(() => !existsSync(join(reports, 'web.0.1.blocked.json')), { why: 'it is taken back' });
      app.child.kill('SIGUSR2');
      await app.printed('mine');
      app.child.kill('SIGKILL');
    });
  });
}

test('reports that the app writes itself go where they would have gone', async (t) => {
  const { daemon, reports } = await withReports(t);
  const app = daemon.run({
    orders: { reports, watchdogMs: 1000 },
    env: { DIR: daemon.dir },
    code: `process.chdir(process.env.DIR);
process.report.writeReport('mine.json');
const { environmentVariables, header } = process.report.getReport();
console.log(environmentVariables.DIR === process.env.DIR, header.networkInterfaces.length >= 0, process.report.reportOnFatalError);`,
  });
  await app.printed('true true true');
  assert.equal(await app.ended(), 0);
  assert.ok(existsSync(join(daemon.dir, 'mine.json')));
  assert.deepEqual(readdirSync(reports), []);
});

test('an app that has arranged for its own reports keeps them, also when it redefines process.report', async (t) => {
  const { daemon, reports, read } = await withReports(t);
  const own = join(daemon.dir, 'own');
  mkdirSync(own);
  const app = daemon.run({
    orders: { reports },
    nodeArgs: ['--report-on-fatalerror', `--report-directory=${own}`, '--max-old-space-size=30'],
    code: 'const all = []; for (;;) all.push(new Array(1000).fill({ a: 1 }));',
  });
  await app.ended();
  assert.equal(readdirSync(own).length, 1);
  assert.deepEqual(readdirSync(reports), []);

  const redefined = daemon.run({
    orders: { reports, watchdogMs: 300 },
    code: `Object.defineProperty(process, 'report', { value: null }); ${BLOCK} setTimeout(() => workHard(60000), 300);`,
  });
  await until(() => existsSync(join(reports, 'web.0.1.report.json')) && read('report'), { why: 'a report' });
  redefined.child.kill('SIGKILL');
});

test('a watched app ends by itself when it has nothing to do, and has no thread of its own to see', async (t) => {
  const { daemon, reports } = await withReports(t);
  const file = join(daemon.dir, 'app.cjs');
  writeFileSync(
    file,
    `setTimeout(() => console.log(process.getActiveResourcesInfo(), process.execArgv), 300);`,
  );
  const app = daemon.run({ orders: { reports, watchdogMs: 1000 }, file });
  assert.equal(await app.ended(), 0);
  assert.doesNotMatch(app.output, /Message|Worker|guest/);
});
