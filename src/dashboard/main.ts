/** The dashboard's process: its sockets come from the daemon, its settings by the control API, and it serves on without either. */
import type http from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '../client/client.ts';
import { HoldfastError } from '../errors.ts';
import { systemClock } from '../kit/clock.ts';
import { NdjsonClient } from '../kit/ndjson-client.ts';
import type { DashboardSettings } from '../protocol/dashboard-settings.ts';
import { homePaths } from '../protocol/home.ts';
import { type FromChild, GUEST_ENV, type GuestOrders, type ToChild } from '../protocol/link.ts';
import { startOtlp } from './otlp/push.ts';
import { LiveHub } from './server/live/hub.ts';
import { LogSearches } from './server/logs/search.ts';
import { answerMetrics } from './server/metrics.ts';
import { readPageFiles } from './server/page-files.ts';
import { Sessions } from './server/sessions.ts';
import { Site } from './server/site.ts';
import { Streams } from './server/streams.ts';
import type { Entry } from './server/visit.ts';

const { createServer } = process.getBuiltinModule('node:http');

/** When it is there only because of `hold open`, and nobody has looked for so long, it goes. */
const IDLE_MS = 15 * 60_000;
const IDLE_LOOK_MS = 60_000;
const RETRY_MS = 500;
/** For SIGTERM, when nobody says how long it may take. */
const DRAIN_MS = 2_000;

const orders = readOrders();
const clock = systemClock;
const paths = homePaths(process.env.HOLDFAST_HOME ?? '');
const client = new Client(paths.control);
const nothing: DashboardSettings = {
  hostname: '',
  version: '',
  home: paths.home,
  listen: [],
  mounts: [],
  users: {},
  sessionsFrom: 0,
  temporary: false,
  metrics: [],
};
let settings = nothing;
let isTold = false;
let isEnding = false;
const servers = new Map<string, http.Server>();
/** By what it was started with: what ends it. */
const pushing = new Map<string, () => void>();

const sessions = new Sessions(join(paths.state, 'dashboard-sessions.json'), clock, () => settings);
sessions.load();
const streams = new Streams(clock);
const site = new Site({
  clock,
  settings: () => settings,
  client,
  clientFor: (by) => new Client(paths.control, by),
  sessions,
  hub: new LiveHub({ client, clock, home: paths.home }),
  searches: new LogSearches(paths.logs),
  streams,
  files: readPageFiles(fileURLToPath(new URL('./page', import.meta.url))),
});

const link = new NdjsonClient<FromChild, ToChild>(orders.link, {
  onConnect: introduce,
  onMessage: obey,
  onError: complain,
});
const idling = setInterval(() => void leaveWhenIdle(), IDLE_LOOK_MS);
process.on('SIGTERM', () => void end(DRAIN_MS));
process.on('SIGINT', () => void end(DRAIN_MS));
process.on('unhandledRejection', complain);
link.open();

function readOrders(): GuestOrders {
  const text = process.env[GUEST_ENV];
  delete process.env[GUEST_ENV];
  if (text === undefined) {
    throw new HoldfastError(
      'USAGE',
      `Cannot start the dashboard without ${GUEST_ENV}: the daemon starts it`,
      {
        hint: 'Run `hold open`',
      },
    );
  }
  return JSON.parse(text) as GuestOrders;
}

function introduce(): void {
  const { instance, serial } = orders;
  link.send({ type: 'hello', role: 'dashboard', instance, serial, pid: process.pid, node: process.version });
  if (isTold) tellListening();
  void learn();
}

function obey(message: ToChild): void {
  if (message.type === 'drain') void end(message.timeoutMs);
  if (message.type === 'dashboard') void learn();
}

async function learn(): Promise<void> {
  try {
    settings = await client.dashboard();
    if (!isEnding) await openDoors();
  } catch (error) {
    complain(error);
    if (!isEnding) setTimeout(() => void learn(), RETRY_MS);
  }
}

async function openDoors(): Promise<void> {
  for (const { host, port, fd } of orders.doors) {
    const isHere = (one: { host: string; port: number } | null) => one?.host === host && one.port === port;
    const metrics = settings.metrics.find(({ listen }) => isHere(listen));
    const answer = settings.listen.some(isHere)
      ? answerAs({ kind: 'own', port })
      : metrics && metricsAnswer(metrics.token);
    if (answer) await serve(`${host} ${port}`, answer, { fd });
  }
  const port = Number(process.env.PORT);
  if (port > 0) await serve('edge', answerAs({ kind: 'edge' }), { host: '127.0.0.1', port });
  push();
  isTold = true;
  tellListening();
}

function answerAs(entry: Entry): http.RequestListener {
  return (request, response) => void site.answer(request, response, entry);
}

function metricsAnswer(token: string | null): http.RequestListener {
  return (request, response) => void answerMetrics(request, response, client, token);
}

/** Once for each address; what it answers may be another thing later. */
async function serve(
  name: string,
  answer: http.RequestListener,
  where: { fd: number } | { host: string; port: number },
) {
  const known = servers.get(name);
  if (known) {
    known.removeAllListeners('request').on('request', answer);
    return;
  }
  const server = createServer(
    { requestTimeout: 20_000, headersTimeout: 10_000, maxHeaderSize: 16_384 },
    answer,
  );
  server.maxConnections = 1000;
  server.keepAliveTimeout = 65_000;
  servers.set(name, server);
  server.on('error', complain);
  await new Promise<void>((resolve) => server.listen(where, resolve));
}

/** Sends numbers to the collectors that the settings name, and to no others. */
function push(): void {
  const wanted = new Map(
    settings.metrics.flatMap(({ otlp }) => (otlp ? [[JSON.stringify(otlp), otlp] as const] : [])),
  );
  for (const [key, stop] of pushing) {
    if (wanted.has(key)) continue;
    stop();
    pushing.delete(key);
  }
  for (const [key, otlp] of wanted) {
    if (pushing.has(key)) continue;
    const { version } = settings;
    const stop = startOtlp({
      ...otlp,
      clock,
      version,
      read: () => client.metrics(),
      onTrouble: (said) => complain(`cannot send numbers to "${otlp.url}": ${said}`),
    });
    pushing.set(key, stop);
  }
}

function tellListening(): void {
  for (const { host, port } of orders.doors)
    link.send({ type: 'listening', host, port, via: 'door', tls: false });
  const port = Number(process.env.PORT);
  if (port > 0) link.send({ type: 'listening', host: '127.0.0.1', port, via: 'socket', tls: false });
}

async function leaveWhenIdle(): Promise<void> {
  if (!settings.temporary || streams.size > 0 || clock.now() - site.usedAt < IDLE_MS) return;
  await client.closeDashboard({ idle: true }).catch(complain);
}

async function end(timeoutMs: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  clearInterval(idling);
  for (const stop of pushing.values()) stop();
  for (const server of servers.values()) server.close();
  streams.close();
  const deadline = clock.now() + Math.min(timeoutMs, DRAIN_MS);
  const open = () => Promise.all([...servers.values()].map((server) => connectionsOf(server)));
  for (const server of servers.values()) server.closeIdleConnections();
  while (clock.now() < deadline && (await open()).some((count) => count > 0)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const server of servers.values()) server.closeIdleConnections();
  }
  link.send({ type: 'drained' });
  await link.close();
  process.exit(0);
}

function connectionsOf(server: http.Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}

function complain(error: unknown): void {
  process.stderr.write(`dashboard: ${error instanceof Error ? error.message : String(error)}\n`);
}
