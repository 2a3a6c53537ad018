/** Numbers go on: scraped, sent and drawn while apps work, and neither they nor alerts are wrong when the daemon is killed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { connectNow } from '../../src/client/connect.ts';
import type { HealthView } from '../../src/protocol/dashboard.ts';
import type { History } from '../../src/protocol/history.ts';
import { cleanup, type Test } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { happened } from '../support/journal.ts';
import { startLoad } from '../support/load.ts';
import { metricNames } from '../support/openmetrics.ts';
import { freePort } from '../support/ports.ts';
import { findProgram } from '../support/programs.ts';
import { app } from '../support/root.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

interface Received {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Takes everything that is posted to it. */
async function receiver(t: Test): Promise<{ url: string; received: readonly Received[] }> {
  const received: Received[] = [];
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
    received.push({ path: request.url ?? '', headers: request.headers, body: body.toString() });
    response.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(t, () => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** Asks again and again, and counts as Prometheus does: what went down has begun anew. */
function scraper(t: Test, url: string, headers: Readonly<Record<string, string>>) {
  const last = new Map<string, number>();
  const increases = new Map<string, number>();
  let scrapes = 0;
  let text = '';
  const look = async (): Promise<void> => {
    const response = await fetch(url, { headers });
    const body = await response.text();
    if (response.status !== 200) return;
    text = body;
    scrapes += 1;
    for (const [, name = '', value = ''] of body.matchAll(/^(\w+(?:_total|_count)(?:\{.*\})?) (\S+)$/gm)) {
      const before = last.get(name);
      const more = before === undefined ? 0 : Number(value) - (Number(value) < before ? 0 : before);
      increases.set(name, (increases.get(name) ?? 0) + more);
      last.set(name, Number(value));
    }
  };
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      await look().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const stop = async () => {
    isOver = true;
    await done;
  };
  cleanup(t, stop);
  return {
    stop,
    scrapes: () => scrapes,
    text: () => text,
    value: (name: string) => last.get(name) ?? 0,
    increase: (name: string) => increases.get(name) ?? 0,
  };
}

interface OtlpBody {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string }[] };
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly sum?: { readonly dataPoints: readonly { asDouble: number; startTimeUnixNano: string }[] };
      }[];
    }[];
  }[];
}

/** What a message of OTLP says of all requests, and since when. */
function requestsIn({ body }: Received): { requests: number; since: bigint } {
  const { resourceMetrics } = JSON.parse(body) as OtlpBody;
  const metrics = resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
  const points = metrics.find(({ name }) => name === 'holdfast_http_requests')?.sum?.dataPoints ?? [];
  return {
    requests: points.reduce((sum, { asDouble }) => sum + asDouble, 0),
    since: BigInt(points[0]?.startTimeUnixNano ?? 0),
  };
}

async function ask<T>(home: TestHome, question: (client: Awaited<ReturnType<typeof connect>>) => Promise<T>) {
  const client = await connect(home);
  try {
    return await question(client);
  } finally {
    client.close();
  }
}

async function connect(home: TestHome) {
  const client = await connectNow(home.paths.home);
  assert.ok(client, 'the daemon is there');
  return client;
}

/** Memory of an app over time. */
async function known(home: TestHome): Promise<Map<number, number>> {
  const history: History = await ask(home, (client) => client.history('app:web', '1h'));
  const points = history.measures.memoryBytes ?? [];
  return new Map(
    points.flatMap((point, i) =>
      point === null ? [] : [[history.from + i * history.stepMs, point] as const],
    ),
  );
}

const REQUESTS = 'holdfast_http_requests_total{site="*",route="/",app="web",code="2xx"}';

test('numbers and alerts over the death of the daemon', async (t) => {
  const home = testHome(t);
  const [port, metricsPort] = [await freePort(), await freePort()];
  const webhook = await receiver(t);
  const collector = await receiver(t);
  writeFileSync(join(home.dir, 'token'), 'metrics-token\n');
  writeFileSync(join(home.dir, 'collector-token'), 'Bearer collector-token\n');
  const fixed = join(home.dir, 'fixed');
  writeFileSync(
    join(home.dir, 'shaky.js'),
    `if (!require('node:fs').existsSync(${JSON.stringify(fixed)})) process.exit(3);\nsetInterval(() => {}, 1000);\n`,
  );
  configure(home, {
    apps: {
      web: { run: app('hello.js'), instances: 2 },
      shaky: { run: 'shaky.js', restart: { giveUpAfter: { crashes: 1, within: '1m' } } },
    },
    sites: { '*': { routes: { '/': 'web' } } },
    listen: { http: `127.0.0.1:${port}` },
    edge: { processes: 2 },
    notify: [{ url: `${webhook.url}/hook`, on: ['crashes'], style: 'json' }],
    metrics: {
      listen: `127.0.0.1:${metricsPort}`,
      token: 'file:token',
      // That of the machine that runs the tests may be as full as it likes.
      alerts: { disk: false },
      otlp: { url: collector.url, headers: { authorization: 'file:collector-token' }, every: '1s' },
    },
  });
  await home.run(['up']);
  await home.ready('web', 2);
  const url = `http://127.0.0.1:${metricsPort}`;
  const headers = { authorization: 'Bearer metrics-token' };
  await until(async () => (await fetch(`${url}/metrics`, { headers })).status === 200, {
    why: 'the numbers can be had',
  });
  assert.equal((await fetch(`${url}/metrics`)).status, 401);

  const scrape = scraper(t, `${url}/metrics`, headers);
  const load = await startLoad(t, { url: `http://127.0.0.1:${port}/`, expect: 'url', connections: 4 });
  await until(() => scrape.value(REQUESTS) > 100, { why: 'requests are counted' });
  assert.ok(metricNames(scrape.text(), 'prometheus').has('holdfast_instance_memory_bytes'));
  const openMetrics = await fetch(`${url}/metrics`, {
    headers: { ...headers, accept: 'application/openmetrics-text' },
  });
  metricNames(await openMetrics.text(), 'openmetrics');
  const promtool = findProgram('promtool');
  if (promtool) execFileSync(promtool, ['check', 'metrics'], { input: scrape.text() });

  // An alert, told once by its event and by the webhook, and seen by a monitor from outside.
  const raised = await happened(home, 'alert.raised', { about: 'shaky' });
  assert.equal(raised.data?.kind, 'app.failed');
  const health = await fetch(`${url}/health`, { headers });
  const { problems } = (await health.json()) as HealthView;
  assert.deepEqual([health.status, problems.map(({ subject }) => subject)], [503, ['shaky']]);
  await until(() => collector.received.some((one) => requestsIn(one).requests > 0), {
    why: 'the collector has counts',
  });
  // Written at once; what follows, once a minute.
  await until(() => readdirSync(join(home.paths.state, 'history')).length > 0, { why: 'history is written' });
  const first = await until(async () => [...(await known(home))][0], { why: 'history has a point' });

  const [scrapes, messages, pid] = [scrape.scrapes(), collector.received.length, home.daemonPid()];
  process.kill(pid, 'SIGKILL');
  await until(() => home.daemonPid() !== pid && ask(home, () => Promise.resolve(true)), {
    why: 'the next daemon is there',
  });
  await until(() => scrape.scrapes() > scrapes + 3 && scrape.value(REQUESTS) > 0, {
    why: 'the next daemon counts',
  });
  await until(() => collector.received.slice(messages).some((one) => requestsIn(one).requests > 0), {
    why: 'the collector has counts of the next daemon',
  });
  // What was written before it was killed is there.
  await until(async () => (await known(home)).get(first[0]) === first[1], { why: 'history is read' });

  writeFileSync(fixed, '');
  await home.ok(['restart', 'shaky']);
  const cleared = await happened(home, 'alert.cleared', { about: 'shaky' });
  assert.equal(cleared.data?.kind, 'app.failed');
  await until(() => webhook.received.length >= 2, { why: 'the webhook was told of the end' });

  const { requests, failed } = await load.stop();
  await scrape.stop();
  assert.equal(failed, 0);
  // A counter that went back by a part only would be counted as if all of it were new.
  const increase = scrape.increase(REQUESTS);
  assert.ok(increase > 0 && increase <= requests, `${increase} of ${requests}`);
  for (const { path, headers: fields } of collector.received) {
    assert.equal(path, '/v1/metrics');
    assert.equal(fields.authorization, 'Bearer collector-token');
  }
  const starts = collector.received.map((one) => requestsIn(one).since).filter((since) => since > 0n);
  assert.equal(new Set(starts).size, 2, 'each daemon says since when it counts');
  const told = webhook.received.map(({ body }) => JSON.parse(body) as { topic: string; level: string });
  assert.deepEqual(
    told.map(({ topic, level }) => `${topic} ${level}`),
    ['crashes bad', 'crashes good'],
  );
});
