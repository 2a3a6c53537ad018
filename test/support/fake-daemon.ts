/** A daemon that says what a test tells it to: the control API on a real unix socket, nothing behind it. */
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { HoldfastError } from '../../src/errors.ts';
import { API_VERSION, type AppDetail, type AppView, type CrashRecord } from '../../src/protocol/api.ts';
import type { HoldfastEvent } from '../../src/protocol/events.ts';
import { homePaths } from '../../src/protocol/home.ts';
import { cleanup, type Test } from './cleanup.ts';

/** What a change answers: events, then its result; an error when it is one. */
export interface Outcome {
  readonly events?: readonly HoldfastEvent[];
  readonly result?: unknown;
  readonly error?: HoldfastError;
  /** Ends the answer without a result, as a daemon does that is killed. */
  readonly cut?: boolean;
}

export interface FakeDaemon {
  api: number;
  apps: AppView[];
  details: Record<string, Partial<AppDetail>>;
  crashes: CrashRecord[];
  events: HoldfastEvent[];
  /** By `<method> <path>`, such as `POST /v1/apps/web/stop`; otherwise a change answers the app. */
  outcomes: Record<string, Outcome>;
  /** What was asked, `<method> <path>` and the body. */
  readonly requests: { readonly what: string; readonly body: unknown }[];
  /** What the last request brought. */
  lastBody<T>(): T;
  /** Changes only, in order. */
  changes(): string[];
  /** Says this event to all who follow. */
  publish(event: HoldfastEvent): void;
  /** How many follow the events. */
  followers(): number;
  /** Cuts all connections and is gone, as after kill -9. */
  die(): Promise<void>;
}

/** Listens in `home`, which is made when it is missing, until the test is over. */
export async function fakeDaemon(t: Test, home: string): Promise<FakeDaemon> {
  const paths = homePaths(home);
  for (const dir of [paths.state, paths.run, paths.logs]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  rmSync(paths.control, { force: true });
  const followers = new Set<ServerResponse>();
  const server = createServer((request, response) => void answer(request, response));
  const die = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  const daemon: FakeDaemon = {
    api: API_VERSION,
    apps: [],
    details: {},
    crashes: [],
    events: [],
    outcomes: {},
    requests: [],
    lastBody: <T>() => daemon.requests.at(-1)?.body as T,
    changes: () => daemon.requests.map(({ what }) => what).filter((what) => what.startsWith('POST')),
    publish(event) {
      daemon.events.push(event);
      for (const response of followers) response.write(`${JSON.stringify(event)}\n`);
    },
    followers: () => followers.size,
    die,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://holdfast');
    const body = await bodyOf(request);
    const path = decodeURIComponent(url.pathname);
    const what = `${request.method} ${path}`;
    daemon.requests.push({ what, body });
    if (what === 'GET /v1/events') return follow(url, response);
    if (request.method === 'POST') return change(what, path, response);
    const known = daemon.outcomes[what];
    if (known?.error) return json(response, known.error.toBody(), known.error.httpStatus);
    json(response, known ? known.result : view(what, path, url));
  }

  function view(what: string, path: string, url: URL): unknown {
    if (what === 'GET /v1/daemon') {
      const { pid, version: node } = process;
      return { api: daemon.api, version: '0.0.0', pid, home, node, startedAt: new Date(0).toISOString() };
    }
    if (what === 'GET /v1/apps') return daemon.apps;
    if (what === 'GET /v1/crashes') {
      const app = url.searchParams.get('app');
      return daemon.crashes.filter((crash) => app === null || crash.app === app);
    }
    const name = path.split('/')[3] ?? '';
    return { ...daemon.apps.find((app) => app.name === name), ...daemon.details[name] };
  }

  function change(what: string, path: string, response: ServerResponse): void {
    const outcome = daemon.outcomes[what] ?? {};
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    for (const event of outcome.events ?? []) response.write(`${JSON.stringify({ event })}\n`);
    if (outcome.cut) return void response.socket?.destroy();
    const name = path.split('/')[3];
    const result = outcome.result ?? daemon.apps.find((app) => app.name === name) ?? null;
    response.end(`${JSON.stringify(outcome.error ? { error: outcome.error.toBody() } : { result })}\n`);
    if (what === 'POST /v1/down' && !outcome.error) void die();
  }

  function follow(url: URL, response: ServerResponse): void {
    const tail = Number(url.searchParams.get('tail') ?? 0);
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' }).flushHeaders();
    for (const event of tail > 0 ? daemon.events.slice(-tail) : [])
      response.write(`${JSON.stringify(event)}\n`);
    if (!url.searchParams.has('follow')) return void response.end();
    followers.add(response);
    response.once('close', () => followers.delete(response));
  }

  cleanup(t, die);
  server.listen(paths.control);
  await once(server, 'listening');
  return daemon;
}

/** An app as `ls` gets it, running with one instance unless told otherwise. */
export function appView(name: string, changes: Partial<AppView> = {}): AppView {
  return {
    name,
    kind: 'app',
    namespace: null,
    after: [],
    numbers: [0],
    nextRun: null,
    status: 'running',
    wanted: 1,
    urls: [],
    instances: [instanceView(`${name}.0`)],
    ...changes,
  };
}

export function instanceView(
  id: string,
  changes: Partial<AppView['instances'][number]> = {},
): AppView['instances'][number] {
  return {
    id,
    slot: Number(id.split('.')[1]),
    serial: 1,
    pid: 4242,
    status: 'ready',
    restarts: 0,
    uptimeMs: 252_000,
    memoryBytes: 62 * 1024 * 1024,
    heapBytes: null,
    startedAt: null,
    cpu: 0.04,
    loopDelayMs: 1.2,
    release: null,
    reason: null,
    nextStartMs: null,
    ...changes,
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text === '' ? undefined : JSON.parse(text);
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}
