import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { EgressRows } from '../src/daemon/metrics/egress-families.ts';
import { metricsOf } from '../src/daemon/metrics/families.ts';
import { histogramOf, LATENCY_ENDS_MS } from '../src/daemon/metrics/latency.ts';
import { textOf } from '../src/daemon/metrics/text.ts';
import { otlpMetrics } from '../src/dashboard/otlp/encode.ts';
import { startOtlp } from '../src/dashboard/otlp/push.ts';
import { targets } from '../src/exporters/targets.ts';
import { FakeClock } from '../src/kit/clock.ts';
import { formatFor } from '../src/protocol/metrics.ts';
import { DURATION_CLASSES_MS } from '../src/protocol/traffic-counts.ts';
import { optionsFor, plain } from './exporters/plans.ts';
import { metricNames } from './support/openmetrics.ts';
import { requireProgram } from './support/programs.ts';
import { moreReading, reading } from './support/reading.ts';

test('both texts are what their formats say, and nothing is in them twice', () => {
  const metrics = metricsOf(reading(5_000, 10, 1), moreReading);
  for (const format of ['openmetrics', 'prometheus'] as const) {
    const names = metricNames(textOf(metrics, format), format);
    assert.ok(names.has('holdfast_http_requests_total'), format);
    assert.ok(names.has('holdfast_http_request_duration_seconds_bucket'), format);
    assert.ok(names.has('holdfast_build_info'), format);
  }
});

test('the reader of the texts refuses what is wrong', () => {
  for (const text of [
    'a 1\n',
    '# TYPE a counter\na 1\n# EOF\n',
    '# TYPE a gauge\n# HELP a x\na{b="c} 1\n# EOF\n',
    '# TYPE a gauge\n# HELP a x\na{b="c"} 1\na{b="c"} 2\n# EOF\n',
    '# TYPE a gauge\n# HELP a x\na 1\n',
  ])
    assert.throws(() => metricNames(text, 'openmetrics'), text);
});

test('promtool has nothing against it', (t) => {
  const promtool = requireProgram(t, 'promtool');
  if (!promtool) return;
  const check = (text: string) =>
    spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });
  const { status, stderr } = check(textOf(metricsOf(reading(5_000, 10, 1), moreReading), 'prometheus'));
  assert.deepEqual([status, stderr], [0, '']);
  assert.notEqual(check('# TYPE a counter\na{b="c} 1\n').status, 0);
});

test('what clients and apps can name is escaped', () => {
  const points = [{ labels: { site: 'a"b\\c\nd' }, value: 1 }];
  const text = textOf(
    { families: [{ name: 'x', type: 'gauge', help: 'h', unit: null, points }] },
    'openmetrics',
  );
  assert.ok(text.includes('x{site="a\\"b\\\\c\\nd"} 1\n'), text);
  metricNames(text, 'openmetrics');
});

test('the format is the one that is asked for', () => {
  assert.equal(formatFor('application/openmetrics-text;version=1.0.0,text/plain;q=0.5'), 'openmetrics');
  assert.equal(formatFor('text/plain;version=0.0.4'), 'prometheus');
  assert.equal(formatFor(undefined), 'prometheus');
});

test('classes of durations are put together without guessing', () => {
  assert.deepEqual(
    LATENCY_ENDS_MS.filter((ms) => !DURATION_CLASSES_MS.includes(ms)),
    [],
  );
  const durations = [...DURATION_CLASSES_MS, 1].map(() => 1);
  const { counts, sum } = histogramOf({ requests: 35, status: [], durations, durationsMs: durations });
  assert.equal(
    counts.reduce((a, b) => a + b),
    35,
  );
  assert.equal(counts.at(-1), 2, 'of 60 s, and of more');
  assert.equal(sum, 0.035);
});

test('destinations are bounded, and what is told of the others never goes down', () => {
  const rows = new EgressRows();
  const count = (app: string, host: string, connections: number) => ({
    ...{
      app,
      host,
      port: 443,
      connections,
      denied: 0,
      failed: 0,
      open: 1,
      bytesIn: 0,
      bytesOut: 0,
      lastAt: 0,
    },
  });
  const first = Array.from({ length: 30 }, (_, i) => count('web', `h${i}`, 100 - i));
  const told = rows.of(first);
  assert.equal(told.length, 21);
  assert.ok(
    told.every(({ connections }) => connections === 0),
    'they begin with 0',
  );
  assert.equal(told.at(-1)?.open, 10);
  const more: Readonly<Record<string, number>> = { h0: 107, h29: 500 };
  const busier = first.map((one) => ({ ...one, connections: more[one.host] ?? one.connections }));
  const again = rows.of([...busier].reverse());
  assert.equal(again.find(({ destination }) => destination === 'h0:443')?.connections, 7);
  assert.equal(again.at(-1)?.connections, 500 - 71);
});

test('OTLP: cumulative sums, histograms and gauges, with numbers as the encoding wants them', () => {
  const body = otlpMetrics(metricsOf(reading(5_000, 10, 1), moreReading), 5_000, { host: 'h', version: '1' });
  const text = JSON.stringify(body);
  const { resourceMetrics } = JSON.parse(text) as {
    resourceMetrics: { scopeMetrics: { metrics: Record<string, unknown>[] }[] }[];
  };
  const all = resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
  const named = (name: string) => all.find((one) => one.name === name);
  const durations = named('holdfast_http_request_duration_seconds') as {
    unit: string;
    histogram: {
      aggregationTemporality: number;
      dataPoints: {
        count: string;
        bucketCounts: string[];
        explicitBounds: number[];
        startTimeUnixNano: string;
      }[];
    };
  };
  const [point] = durations.histogram.dataPoints;
  assert.equal(durations.unit, 's');
  assert.equal(durations.histogram.aggregationTemporality, 2);
  assert.equal(point?.bucketCounts.length, (point?.explicitBounds.length ?? 0) + 1);
  assert.equal(
    point?.bucketCounts.reduce((sum, one) => sum + Number(one), 0),
    Number(point?.count),
  );
  assert.equal(point?.startTimeUnixNano, '1000000000');
  const requests = named('holdfast_http_requests') as { sum: { isMonotonic: boolean } };
  assert.equal(requests.sum.isMonotonic, true);
});

test('a collector that is away is tried more and more seldom, and that is told once', async () => {
  const clock = new FakeClock();
  const troubles: string[] = [];
  const at: number[] = [];
  let isAway = true;
  const stop = startOtlp({
    url: 'http://127.0.0.1:1/',
    headers: {},
    everyMs: 10_000,
    clock,
    version: '1',
    read: async () => ({ since: 0, families: [] }),
    onTrouble: (said) => troubles.push(said),
    send: async () => {
      at.push(clock.now() / 1000);
      return { outcome: isAway ? 'later' : 'taken', said: 'it answers 503', retryAfterMs: null };
    },
  });
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i += 10) {
      clock.advance(10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  clock.advance(0);
  await new Promise((resolve) => setImmediate(resolve));
  await pass(150);
  assert.deepEqual(at, [0, 10, 30, 70, 150]);
  assert.deepEqual(troubles, ['it answers 503']);
  isAway = false;
  await pass(180);
  assert.deepEqual(at.slice(5), [310, 320, 330]);
  stop();
  assert.equal(clock.pending, 0);
});

test('Grafana: every query of the dashboard names what there is', () => {
  const names = metricNames(
    textOf(metricsOf(reading(5_000, 10, 1), moreReading), 'prometheus'),
    'prometheus',
  );
  const { files = [], losses } = targets.grafana?.export(plain, optionsFor(plain)) ?? {};
  const { panels } = JSON.parse(files[0]?.text ?? '') as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  assert.ok(panels.length > 10);
  for (const { title, targets: queries } of panels) {
    for (const { expr } of queries) {
      const used = expr.match(/\bholdfast_[a-z0-9_]+/g) ?? [];
      assert.ok(used.length > 0, title);
      for (const name of used) assert.ok(names.has(name), `${title}: ${name}`);
    }
  }
  assert.match(losses?.[0]?.text ?? '', /nothing that the dashboard could show/);
});
