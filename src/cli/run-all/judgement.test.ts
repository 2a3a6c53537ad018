import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from '../../../test/exporters/plans.ts';
import { appPlan } from '../../../test/support/plans.ts';
import type { AppStatus, AppView } from '../../protocol/api.ts';
import { containerPlan } from './container-plan.ts';
import { parseAddress } from './health.ts';
import { judge, readiness } from './judgement.ts';

const job = { expression: '* * * * *', timezone: null, missed: 'skip', timeoutMs: null } as const;
const plan = planOf({ web: appPlan(), spare: appPlan({ name: 'spare', autostart: false }) });
const withJob = planOf({ web: appPlan(), nightly: appPlan({ name: 'nightly', job }) });

function view(name: string, status: AppStatus): AppView {
  const none = { kind: 'app', namespace: null, after: [], numbers: [], nextRun: null } as const;
  return { ...none, name, status, wanted: 1, urls: [], instances: [] };
}

test('ready: all that start by themselves are; later one that has lost an instance still serves', () => {
  const ready = (status: AppStatus, before: boolean) =>
    readiness(plan, [view('web', status), view('spare', 'stopped')], before).ok;
  assert.equal(ready('running', false), true);
  assert.equal(ready('degraded', false), false);
  assert.equal(ready('degraded', true), true);
  assert.equal(ready('failed', true), false);
  assert.deepEqual(readiness(plan, [], false), { ok: false, text: 'web: not started' });
  assert.equal(readiness(withJob, [view('web', 'running'), view('nightly', 'failed')], false).ok, true);
  const edge = { ...view('@edge', 'starting'), kind: 'edge' } as const;
  assert.equal(readiness(plan, [view('web', 'running'), edge], false).text, '@edge: starting');
});

test('it is over when an app has failed for good, or when all have ended and no clock starts any', () => {
  assert.deepEqual(judge(plan, [view('web', 'failed')]), { failed: 'web' });
  assert.equal(judge(plan, [view('web', 'done'), view('spare', 'stopped')]), 'over');
  assert.equal(judge(plan, [view('web', 'running')]), 'goes on');
  assert.equal(judge(withJob, [view('web', 'done'), view('nightly', 'waiting')]), 'goes on');
  assert.equal(judge(withJob, [view('web', 'running'), view('nightly', 'failed')]), 'goes on');
});

test('health checks: a port, or an address', () => {
  assert.deepEqual(parseAddress('8099'), { host: null, port: 8099 });
  assert.deepEqual(parseAddress('127.0.0.1:8099'), { host: '127.0.0.1', port: 8099 });
  assert.deepEqual(parseAddress('[::1]:8099'), { host: '::1', port: 8099 });
  for (const wrong of ['', '70000', 'web:80', '127.0.0.1', '::1:80', '-1'])
    assert.throws(() => parseAddress(wrong), { code: 'USAGE' }, wrong);
});

test("the container's environment is that of its apps, and what the config says comes first", () => {
  const base = planOf({ web: appPlan({ baseEnv: { PATH: '/bin' } }) });
  const env = { PATH: '/usr/bin', TOKEN: 'x', HOLDFAST_HOME: '/h' };
  const { web } = containerPlan(base, env, true).apps;
  assert.deepEqual(web?.baseEnv, { PATH: '/bin', TOKEN: 'x' });
  // Ten crashes within a minute, and no pause in which that could not be.
  assert.deepEqual([web?.restart.backoffMinMs, web?.restart.backoffMaxMs], [100, 1500]);
  assert.ok((web?.log.totalBytes ?? 0) <= 24 * 1024 ** 2);
  assert.deepEqual(containerPlan(base, env, false).apps.web?.log, base.apps.web?.log);
});
