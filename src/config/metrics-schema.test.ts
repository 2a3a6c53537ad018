import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { metricsDefaults } from './metrics-defaults.ts';
import { metricsChange } from './metrics-diff.ts';
import { completeMetrics, metricsSettings } from './metrics-schema.ts';
import type { MetricsPlan } from './plan.ts';
import type { Problem } from './problems.ts';

function read(input: object): { plan: MetricsPlan; problems: string[] } {
  const problems: Problem[] = [];
  const plan = completeMetrics(metricsSettings.parse(input), '/srv/shop', problems);
  return { plan, problems: problems.map(({ path, text }) => `${path.join('.')} ${text}`) };
}

test('nothing said is what plans without a file have', () => {
  assert.deepEqual(read({}), { plan: metricsDefaults, problems: [] });
});

test('addresses, secrets beside the configuration, and rules', () => {
  const { plan, problems } = read({
    listen: 9469,
    token: 'file:token',
    otlp: { url: 'https://c.test/', headers: { Authorization: 'file:/etc/t', A: 'b' }, every: '1m' },
    alerts: { errors: '2%', certificate: false, disk: false, crashes: false },
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(plan.listen, { host: '127.0.0.1', port: 9469 });
  assert.equal(plan.token, 'file:/srv/shop/token');
  assert.deepEqual(plan.otlp?.headers, { Authorization: 'file:/etc/t', A: 'b' });
  assert.equal(plan.otlp?.everyMs, 60_000);
  const { errorShare, certificateMs, diskFreeShare, crashes, watchdog } = plan.alerts;
  assert.deepEqual(
    [errorShare, certificateMs, diskFreeShare, crashes, watchdog],
    [0.02, null, null, false, true],
  );
});

test('what would be open to all, or leads nowhere, is refused', () => {
  for (const [input, said] of [
    [{ listen: '0.0.0.0:9469' }, /^metrics\.listen must be at 127\.0\.0\.1/],
    [{ listen: '*:9469' }, /^metrics\.listen must be at/],
    [{ token: 'secret' }, /^metrics\.token is for "listen"/],
    [{ otlp: { headers: { A: 'b' } } }, /^metrics\.otlp\.url is missing/],
    [{ otlp: { url: 'http://c.test', every: '10ms' } }, /^metrics\.otlp\.every must be from/],
  ] as const)
    assert.match(read(input).problems.join('; '), said);
  for (const url of ['ftp://c.test', 'https://ann:secret@c.test/', 'c.test'])
    assert.equal(metricsSettings.safeParse({ otlp: { url } }).success, false, url);
  for (const [alerts, said] of [
    [{ errors: 5 }, /a percentage such as "5%", or false/],
    [{ disk: 'lots' }, /a percentage such as "10%", or false/],
    [{ certificate: 'soon' }, /an age such as "10d", or false/],
  ] as const)
    assert.match(inspect(metricsSettings.safeParse({ alerts }).error?.issues, { depth: null }), said);
  assert.deepEqual(read({ listen: '0.0.0.0:9469', token: 'secret' }).problems, []);
});

test('what differs is told in the words of the file, and no secret is', () => {
  const before = read({ listen: 9469, token: 'old-secret' }).plan;
  const after = read({ listen: 9470, token: 'new-secret', alerts: { disk: '5%', errors: false } }).plan;
  const [change] = metricsChange(before, after);
  assert.deepEqual(change, {
    ...{ kind: 'change', what: 'metrics', name: 'metrics' },
    detail: ['listen 127.0.0.1:9469 -> 127.0.0.1:9470', 'alerts.errors 5% -> off', 'alerts.disk 10% -> 5%'],
  });
  assert.deepEqual(metricsChange(before, read({ listen: 9469, token: 'new-secret' }).plan)[0]?.detail, [
    'its secrets',
  ]);
  assert.equal(metricsChange(metricsDefaults, before)[0]?.kind, 'add');
  assert.equal(metricsChange(before, undefined)[0]?.kind, 'remove');
  assert.deepEqual(metricsChange(before, before), []);
});
