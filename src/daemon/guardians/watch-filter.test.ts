import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appPlan, logPlan } from '../../../test/support/plans.ts';
import type { AppPlan, WatchPlan } from '../../config/plan.ts';
import { watchFilter } from './watch-filter.ts';

function filter(watch: Partial<WatchPlan> = {}, plan: Partial<AppPlan> = {}) {
  const whole = { paths: ['/app'], ignore: [], extensions: [], debounceMs: 200, ...watch };
  return watchFilter(appPlan({ cwd: '/app', ...plan }), whole, '/app/state/holdfast');
}

function ignores(watch: Partial<WatchPlan>, yes: readonly string[], no: readonly string[]): void {
  const { isIgnored } = filter(watch);
  assert.deepEqual(
    yes.filter((path) => !isIgnored(path)),
    [],
    'should be ignored',
  );
  assert.deepEqual(
    no.filter((path) => isIgnored(path)),
    [],
    'should not be ignored',
  );
}

describe('what watching leaves out', () => {
  test('is what tools, editors and crashes write', () => {
    ignores(
      {},
      [
        '/app/node_modules',
        '/app/packages/a/node_modules',
        '/app/.git',
        '/app/.env',
        '/app/src/.app.js.swp',
        '/app/src/.#app.js',
        '/app/src/#app.js#',
        '/app/src/app.js~',
        '/app/src/4913',
        '/app/src/app.js___jb_tmp___'.replace('app.js', ''),
        '/app/debug.log',
        '/app/debug.log.2026-01-01',
        '/app/debug.log.1.gz',
        '/app/core',
        '/app/core.1234',
        '/app/report.20261123.154512.4711.0.001.json',
        '/app/Heap.20261123.heapsnapshot',
      ],
      [
        '/app/app.js',
        '/app/src',
        '/app/core.js',
        '/app/catalog.js',
        '/app/log',
        '/app/report.json',
        '/app/49130',
        '/app/my_node_modules',
      ],
    );
  });

  test('is what the plan says: names anywhere, paths from the cwd', () => {
    ignores(
      { ignore: ['*.txt', 'uploads', 'tmp/**', './cache/', 'src/*/generated.js', '/var/data/**'] },
      [
        '/app/a.txt',
        '/app/deep/in/it/a.txt',
        '/app/uploads',
        '/app/public/uploads',
        '/app/tmp',
        '/app/tmp/a/b.js',
        '/app/cache',
        '/app/src/x/generated.js',
        '/var/data/x.js',
      ],
      ['/app/a.js', '/app/src/tmp/b.js', '/app/src/generated.js', '/app/src/x/y/generated.js'],
    );
  });

  test('may have exceptions, and the last word counts', () => {
    ignores(
      { ignore: ['*.json', '!package.json', 'dist/package.json'] },
      ['/app/a.json', '/app/dist/package.json'],
      ['/app/package.json'],
    );
  });

  test('is what Holdfast writes for the app, and its home', () => {
    const files = { ...logPlan().files, all: '/app/all.txt', out: '/app/logs/out', err: null };
    const { isIgnored } = filter({}, { pidFile: '/app/run/app.pid', log: logPlan({ files }) });
    for (const path of [
      '/app/state/holdfast',
      '/app/run/app.pid',
      '/app/run/app-3.pid',
      '/app/run/app.pid.4711-1.tmp',
      '/app/all.txt',
      '/app/all.txt.2026-11-23T12-34-08.123Z',
      '/app/all.txt.1.gz',
      '/app/logs/out',
      '/app/logs/out-1',
    ]) {
      assert.ok(isIgnored(path), path);
    }
    for (const path of [
      '/app/run/app.js',
      '/app/app.pid',
      '/app/all.txt.js',
      '/app/logs/out.js',
      '/app/state',
    ]) {
      assert.ok(!isIgnored(path), path);
    }
  });

  test('is what has another extension, when there are extensions', () => {
    const { counts } = filter({ extensions: ['js', '.json'] });
    assert.deepEqual(
      ['/app/a.js', '/app/a.json', '/app/a.css', '/app/Makefile', '/app/a.js.map'].map(counts),
      [true, true, false, false, false],
    );
    assert.ok(filter().counts('/app/Makefile'));
  });
});
