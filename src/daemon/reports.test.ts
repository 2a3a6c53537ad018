import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { requireProgram } from '../../test/support/programs.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import type { CrashRecord } from '../protocol/api.ts';
import { Crashes } from './crashes.ts';
import { cleaned, reportFiles, sweepReports, takeReports } from './reports.ts';

const report = {
  header: {
    trigger: 'OOMError',
    commandLine: ['node', '--db-password=hunter2', 'server.js'],
    networkInterfaces: [{ address: '10.0.0.1' }],
  },
  environmentVariables: { DB_PASSWORD: 'hunter2' },
  workers: [{ header: {}, environmentVariables: { DB_PASSWORD: 'hunter2' } }],
  libuv: [{ type: 'tcp' }],
};

test('a report is kept without what may be secret, and what the guest wrote is removed', (t) => {
  const dir = tempDir(t);
  const files = reportFiles(dir, 'web.0.1');
  writeFileSync(files.report, JSON.stringify(report));
  writeFileSync(files.blocked, JSON.stringify({ stack: ['at f (/a.js:1:1)', 7], report: true }));
  const target = join(dir, 'kept.json');
  const found = takeReports(files, target);
  assert.equal(found.report?.header?.trigger, 'OOMError');
  assert.deepEqual(found.blocked?.stack, ['at f (/a.js:1:1)']);
  assert.equal(found.kept, target);
  const text = readFileSync(target, 'utf8');
  assert.doesNotMatch(text, /hunter2|10\.0\.0\.1/);
  assert.match(text, /server\.js/);
  assert.deepEqual(readdirSync(dir), ['kept.json']);
});

test('a report of an app that wrote it by itself may hold anything', (t) => {
  const dir = tempDir(t);
  const files = reportFiles(dir, 'web.0.1');
  const deep = `${'{"workers":['.repeat(50_000)}{}${']}'.repeat(50_000)}`;
  const odd = ['{"workers":[null,7,[]]}', '{"header":7,"javascriptHeap":null}', '[]', deep];
  for (const text of [...odd, '{"header":{"trigger":7},"javascriptHeap":{"memoryLimit":"all"}}']) {
    writeFileSync(files.report, text);
    const { report: read } = takeReports(files, join(dir, 'kept.json'));
    assert.deepEqual(read, { header: {}, javascriptHeap: {} });
  }
});

test('of a huge report the connections are left out', () => {
  assert.deepEqual(cleaned(report, 3 * 1024 * 1024).libuv, []);
  assert.deepEqual(cleaned(report, 1000).libuv, [{ type: 'tcp' }]);
});

test('what is no report is none: half of one, a link to a file of ours, a FIFO, a directory', (t) => {
  if (!requireProgram(t, 'mkfifo')) return;
  const dir = tempDir(t);
  const secret = join(dir, 'secret.json');
  writeFileSync(secret, '{"password":"hunter2"}');
  const make: Record<string, (path: string) => void> = {
    half: (path) => writeFileSync(path, '{"header":'),
    list: (path) => writeFileSync(path, 'null'),
    link: (path) => symlinkSync(secret, path),
    fifo: (path) => execFileSync('mkfifo', [path]),
    directory: (path) => mkdirSync(path),
  };
  for (const [name, put] of Object.entries(make)) {
    const files = reportFiles(dir, name);
    put(files.report);
    put(files.blocked);
    const found = takeReports(files, join(dir, 'kept.json'));
    assert.deepEqual(found, { report: null, blocked: null, kept: null }, name);
  }
  assert.ok(existsSync(secret));
});

test('what instances of an earlier daemon left is swept, but for those that are known', (t) => {
  const dir = tempDir(t);
  for (const name of [
    'web.0.1.report.json',
    'web.0.2.blocked.json',
    'web.0.2.blocked.json.new',
    'web.1.9.report.json',
  ])
    writeFileSync(join(dir, name), '');
  writeFileSync(join(dir, 'web.2026-03-01T12-00-00-000Z.77.json'), '');
  sweepReports(dir, new Set(['web.1.9']));
  assert.deepEqual(readdirSync(dir).sort(), ['web.1.9.report.json', 'web.2026-03-01T12-00-00-000Z.77.json']);
});

test('reports go with their records', (t) => {
  const dir = tempDir(t);
  const reports = join(dir, 'reports');
  const crashes = new Crashes(join(dir, 'crashes'), reports);
  const add = (app: string, second: number) => {
    const time = new Date(second * 1000).toISOString();
    const file = crashes.reportFile({ app, time, pid: 7 });
    writeFileSync(file, '{}');
    crashes.add({ app, time, pid: 7, report: file } as CrashRecord);
  };
  for (let second = 1; second <= 30; second++) add('web', second);
  add('jobs', 1);
  assert.equal(crashes.list('web').length, 20);
  for (const { report: file } of crashes.list()) assert.ok(existsSync(file ?? ''));
  assert.equal(readdirSync(reports).length, 21);
  crashes.forget('web');
  assert.equal(readdirSync(reports).length, 1);
  assert.equal(crashes.list('jobs').length, 1);
});
