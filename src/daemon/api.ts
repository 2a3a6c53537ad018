/** The control API (protocol/api.ts): HTTP on a unix socket that only the owner of the home may open. */
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import type http from 'node:http';
import type { AppPlan } from '../config/plan.ts';
import { asHoldfastError, HoldfastError } from '../errors.ts';
import { encodeNdjson } from '../kit/ndjson.ts';
import type {
  AppView,
  ClearCacheRequest,
  DaemonView,
  FlushRequest,
  PauseRequest,
  Reply,
  RestartRequest,
  SendRequest,
  SignalRequest,
  SignalResult,
  TestNotifyRequest,
  UpgradeRequest,
  UpRequest,
  UpResult,
  VariablesChanged,
  VariablesResult,
} from '../protocol/api.ts';
import { ASKER_FIELD } from '../protocol/audit.ts';
import type { RedeemRequest, TicketRequest } from '../protocol/dashboard-settings.ts';
import type { HistoryRange } from '../protocol/history.ts';
import { contentTypes, formatFor } from '../protocol/metrics.ts';
import type { EndProfileRequest, ProfileRequest } from '../protocol/profile.ts';
import type { PromoteRequest, ReleaseFailure, ReleaseNames } from '../protocol/release.ts';
import { plainName } from '../vault/for-app.ts';
import { askedBy, currentAsker } from './asker.ts';
import type { CacheClearing } from './cache-clearing.ts';
import type { Crashes } from './crashes.ts';
import type { DashboardDesk } from './dashboard.ts';
import type { Egress } from './egress.ts';
import { TIERS } from './history/measures.ts';
import type { Journal } from './journal.ts';
import type { Observatory } from './metrics/observatory.ts';
import { textOf } from './metrics/text.ts';
import type { Notifier } from './notify/notifier.ts';
import type { Operations } from './operations.ts';
import type { Outputs } from './outputs.ts';
import type { Pausing } from './pausing.ts';
import type { Profiles } from './profiles.ts';
import type { Releases } from './releases/releases.ts';
import type { TrafficTotals } from './traffic-totals.ts';
import { appDetail, appView, appViews, type ViewSources } from './views.ts';

export interface ApiOptions {
  readonly operations: Operations;
  readonly journal: Journal;
  readonly crashes: Crashes;
  readonly outputs: Outputs;
  readonly dashboard: Pick<DashboardDesk, 'settings' | 'ticket' | 'redeem'>;
  readonly egress: Pick<Egress, 'view' | 'envBeside'>;
  readonly caches: Pick<CacheClearing, 'clear'>;
  readonly profiles: Pick<Profiles, 'take' | 'end'>;
  readonly traffic: Pick<TrafficTotals, 'view'>;
  readonly pausing: Pausing;
  readonly releases: Releases;
  readonly notifier: Pick<Notifier, 'test'>;
  readonly observatory: Pick<Observatory, 'history' | 'metrics' | 'health' | 'certificates'>;
  readonly views: ViewSources;
  daemon(): DaemonView;
  /** Called after the answer to `down`. */
  onDown(): void;
  upgrade(request: UpgradeRequest): Promise<void>;
  /** Called after the answer to `upgrade`. */
  onUpgrade(): void;
  /** A person has run `up`, whether it changed anything or not. */
  onUp(): void;
}

// An import of node:http would evaluate all that it exports, which costs 10 MB on Node 22 and later.
const { createServer } = process.getBuiltinModule('node:http');

const MAX_BODY_BYTES = 8 * 1024 * 1024;

export class Api {
  readonly #options: ApiOptions;
  readonly #server: http.Server;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    // Long operations and followed events answer for as long as they take.
    this.#server.requestTimeout = 0;
  }

  async listen(path: string): Promise<void> {
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    try {
      const { url, path } = parseUrl(request);
      if (request.method === 'GET' && path[1] === 'events') this.#events(url, request, response);
      else if (request.method === 'GET' && path[1] === 'metrics') await this.#metrics(url, request, response);
      else if (request.method === 'GET') sendJson(response, 200, this.#read(path, url));
      else if (request.method === 'POST') await this.#change(path, request, response);
      else throw unknownCall(request);
    } catch (error) {
      const failure = asHoldfastError(error);
      if (!response.headersSent) sendJson(response, failure.httpStatus, { error: failure.toBody() });
      else response.end();
    }
  }

  #read([version, what, name, verb]: string[], url: URL): unknown {
    const { views, crashes } = this.#options;
    if (version === 'v1' && what === 'daemon') return this.#options.daemon();
    if (version === 'v1' && what === 'apps' && name === undefined) return appViews(views);
    if (version === 'v1' && what === 'apps' && name !== undefined && verb === 'plan')
      return views.state().apps[name]?.plan ?? unknownApp(name);
    if (version === 'v1' && what === 'apps' && name !== undefined && verb === 'proxy')
      return this.#options.egress.envBeside(views.state().apps[name]?.plan ?? unknownApp(name));
    if (version === 'v1' && what === 'apps' && name !== undefined)
      return appDetail(name, views) ?? unknownApp(name);
    if (version === 'v1' && what === 'traffic') {
      this.#needEdge('show traffic');
      return this.#options.traffic.view();
    }
    if (version === 'v1' && what === 'health') return this.#options.observatory.health();
    if (version === 'v1' && what === 'certificates') return this.#options.observatory.certificates();
    if (version === 'v1' && what === 'history')
      return this.#options.observatory.history(url.searchParams.get('series') ?? 'total', rangeOf(url));
    if (version === 'v1' && what === 'dashboard') return this.#options.dashboard.settings();
    if (version === 'v1' && what === 'egress') return this.#options.egress.view(url.searchParams.get('app'));
    if (version === 'v1' && what === 'sites') return this.#options.pausing.view();
    if (version === 'v1' && what === 'releases') return this.#options.releases.view();
    if (version === 'v1' && what === 'crashes') return crashes.list(url.searchParams.get('app') ?? undefined);
    throw new HoldfastError('BAD_REQUEST', `The daemon does not know "GET ${url.pathname}"`);
  }

  /** As JSON, or as a text in one of two formats. */
  async #metrics(url: URL, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const metrics = await this.#options.observatory.metrics();
    const wanted = url.searchParams.get('format');
    if (wanted === 'json') return sendJson(response, 200, metrics);
    const isNamed = wanted === 'openmetrics' || wanted === 'prometheus';
    const format = isNamed ? wanted : formatFor(request.headers.accept);
    response.writeHead(200, { 'Content-Type': contentTypes[format] });
    response.end(textOf(metrics, format));
  }

  #events(url: URL, request: http.IncomingMessage, response: http.ServerResponse): void {
    const { journal } = this.#options;
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    for (const event of journal.tail(Number(url.searchParams.get('tail') ?? 0)))
      response.write(encodeNdjson(event));
    if (!url.searchParams.has('follow')) {
      response.end();
      return;
    }
    response.flushHeaders();
    const stop = journal.follow((event) => response.write(encodeNdjson(event)));
    request.on('close', stop);
    response.on('close', stop);
  }

  /** Answers with what happens meanwhile, then with the outcome. */
  async #change(path: string[], request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await readJson(request);
    const operation = this.#operation(path, body, request);
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    const reply = (value: Reply<unknown>) => response.write(encodeNdjson(value));
    const stop = this.#options.journal.follow((event) => reply({ event }));
    let succeeded = false;
    try {
      const field = request.headers[ASKER_FIELD.toLowerCase()];
      const result = await askedBy(typeof field === 'string' ? field : undefined, operation);
      succeeded = true;
      stop();
      reply({ result });
    } catch (error) {
      stop();
      reply({ error: asHoldfastError(error).toBody() });
    }
    response.end();
    if (!succeeded || (path[1] !== 'down' && path[1] !== 'upgrade')) return;
    // Whoever asked may be gone by now.
    if (!response.destroyed && !response.writableFinished) {
      await Promise.race([once(response, 'finish'), once(response, 'close')]);
    }
    if (path[1] === 'down') this.#options.onDown();
    else this.#options.onUpgrade();
  }

  /** Some things only the edge can do: a server in its place has no way to ask for them. */
  #needEdge(action: string): void {
    const { front } = this.#options.views.state();
    if (!front) return;
    throw new HoldfastError(
      'BAD_REQUEST',
      `Cannot ${action}: ${front.server} stands in front, and only the edge that is built in can do that`,
      { hint: `Ask ${front.server} itself, or leave out \`front\`` },
    );
  }

  #operation(path: string[], body: unknown, request: http.IncomingMessage): () => Promise<unknown> {
    const { operations, views } = this.#options;
    const [version, what, name, verb, how] = path;
    if (version !== 'v1') throw unknownCall(request);
    const { releases } = this.#options;
    if (what === 'down') {
      return async () => {
        releases.forget();
        await operations.down();
        return null;
      };
    }
    if (what === 'upgrade') return () => this.#options.upgrade(body as UpgradeRequest).then(() => null);
    if (what === 'up') {
      const { plan, dryRun } = body as UpRequest;
      return async (): Promise<UpResult> => {
        if (!dryRun) releases.refuseIfPromoted('change what is there', { source: plan.source });
        const changes = dryRun ? operations.rehearse(plan) : await operations.up(plan);
        if (!dryRun) this.#options.onUp();
        return { changes, apps: appViews(views) };
      };
    }
    if (what === 'notify' && name === 'test') {
      const { url } = body as TestNotifyRequest;
      return () => this.#options.notifier.test(url);
    }
    if (what === 'variables' && name === 'changed') {
      const changed = body as VariablesChanged;
      return async () => this.#variablesChanged(changed);
    }
    if (what === 'dashboard') return this.#dashboardOperation(name, body, request);
    if (what === 'logs') return this.#logOperation(name, body, request);
    if (what === 'sites' && name !== undefined) {
      const { pausing } = this.#options;
      this.#needEdge(`${verb} "${name}"`);
      if (verb === 'pause') return () => pausing.pause(name, body as PauseRequest);
      if (verb === 'resume') return () => pausing.resume(name);
    }
    if (what === 'cache' && name === 'clear') {
      const { site } = body as ClearCacheRequest;
      this.#needEdge('clear the cache');
      return () => this.#options.caches.clear(site);
    }
    if (what === 'releases' && name === 'promote') return () => releases.promote(body as PromoteRequest);
    if (what === 'releases' && name !== undefined) {
      if (verb === 'continue') return () => releases.continue(name);
      if (verb === 'abort') return () => releases.abort(name);
      if (verb === 'check') return async () => releases.checkNames(name, body as ReleaseNames);
      if (verb === 'failed') return async () => this.#releaseFailed(name, body as ReleaseFailure);
    }
    if (what !== 'apps') throw unknownCall(request);
    const view = (app: string) => (): AppView | null => appView(app, views) ?? null;
    const changed = (app: string, change: Promise<void>) =>
      change.then(() => operations.takenUpByFront(app)).then(view(app));
    if (name === undefined) {
      const { app } = body as { app: AppPlan };
      return () => changed(app.name, operations.start(app));
    }
    const { instances, slot } = body as { instances?: number; slot?: number };
    const one = operations.instances;
    if (['stop', 'scale', 'delete'].includes(verb ?? '')) {
      releases.refuseIfPromoted(`${verb} "${name}"`, { app: name });
    }
    switch (verb) {
      case 'start':
        return () => changed(name, slot === undefined ? operations.startAgain(name) : one.start(name, slot));
      case 'stop':
        return () => changed(name, slot === undefined ? operations.stop(name) : one.stop(name, slot));
      case 'restart': {
        const given = body as RestartRequest;
        if (slot !== undefined && (given.env ?? given.baseEnv)) {
          throw new HoldfastError(
            'BAD_REQUEST',
            `Cannot restart "${name}.${slot}" with other variables: all instances of an app have the same`,
            { hint: `Run \`hold restart ${name}\` with them` },
          );
        }
        const restart = () =>
          slot === undefined ? operations.restart(name, given) : one.restart(name, slot);
        return () => changed(name, restart());
      }
      case 'reload':
        return () => changed(name, operations.reload(name, body as RestartRequest));
      case 'run':
        return () => one.runJob(name).then(view(name));
      case 'signal': {
        const { signal } = body as SignalRequest;
        return async (): Promise<SignalResult> => ({ instances: one.signal(name, signal, slot ?? null) });
      }
      case 'profile': {
        const { profiles } = this.#options;
        if (how === 'end') return async () => profiles.end(name, body as EndProfileRequest);
        return () => profiles.take(name, body as ProfileRequest);
      }
      case 'send': {
        const { text } = body as SendRequest;
        return async (): Promise<SignalResult> => ({ instances: await one.send(name, text, slot ?? null) });
      }
      case 'reset':
        return async () => {
          one.reset(name);
          return view(name)();
        };
      case 'scale':
        return () => changed(name, operations.scale(name, instances ?? Number.NaN));
      case 'delete':
        return () => operations.delete(name).then(() => null);
      default:
        throw unknownCall(request);
    }
  }

  #dashboardOperation(
    verb: string | undefined,
    body: unknown,
    request: http.IncomingMessage,
  ): () => Promise<unknown> {
    const { dashboard, operations } = this.#options;
    const { role, ticket, idle } = body as Partial<TicketRequest & RedeemRequest & { idle: boolean }>;
    if (verb === 'ticket') return () => dashboard.ticket(role ?? 'admin', currentAsker() ?? 'somebody');
    if (verb === 'redeem') return async () => dashboard.redeem(ticket);
    if (verb === 'close') return () => operations.closeDashboard(idle === true).then(() => null);
    throw unknownCall(request);
  }

  /** @returns the apps that run with what was set before */
  #variablesChanged({ project, app, set, removed }: VariablesChanged): VariablesResult {
    const { journal, views } = this.#options;
    journal.record('env.changed', { ...(app !== null && { app }), data: { project, set, removed } });
    const apps = Object.values(views.state().apps)
      .filter(({ plan, stopped }) => plan.project === project && plan.job === null && !stopped)
      .map(({ plan }) => plan.name)
      .filter((name) => app === null || app === plainName(name));
    return { apps };
  }

  #releaseFailed(project: string, { reason, ...data }: ReleaseFailure): null {
    this.#options.journal.record('release.failed', { reason, data: { project, ...data } });
    return null;
  }

  #logOperation(verb: string | undefined, body: unknown, request: http.IncomingMessage): () => Promise<null> {
    const { outputs, views } = this.#options;
    if (verb === 'reopen') {
      return async () => {
        outputs.reopen();
        return null;
      };
    }
    if (verb !== 'flush') throw unknownCall(request);
    const { app } = body as FlushRequest;
    if (app !== null && !views.state().apps[app]) unknownApp(app);
    return async () => {
      for (const name of app === null ? Object.keys(views.state().apps) : [app]) outputs.flush(name);
      return null;
    };
  }
}

/** @throws HoldfastError for what is no URL of this API */
function parseUrl(request: http.IncomingMessage): { url: URL; path: string[] } {
  try {
    const url = new URL(`http://holdfast${request.url ?? '/'}`);
    return { url, path: url.pathname.split('/').slice(1).map(decodeURIComponent) };
  } catch {
    throw unknownCall(request);
  }
}

function rangeOf({ searchParams }: URL): HistoryRange {
  const wanted = searchParams.get('range') ?? '1h';
  const found = TIERS.find(({ range }) => range === wanted)?.range;
  if (found) return found;
  const all = TIERS.map(({ range }) => `"${range}"`).join(', ');
  throw new HoldfastError('BAD_REQUEST', `Cannot show the history of "${wanted}": it must be one of ${all}`);
}

function unknownApp(name: string): never {
  throw new HoldfastError('APP_UNKNOWN', `There is no app "${name}"`);
}

function unknownCall(request: http.IncomingMessage): HoldfastError {
  return new HoldfastError('BAD_REQUEST', `The daemon does not know "${request.method} ${request.url}"`);
}

function sendJson(response: http.ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function readJson(request: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES)
      throw new HoldfastError('BAD_REQUEST', 'The request to the daemon is too large');
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (value && typeof value === 'object') return value;
  } catch {
    // Said below.
  }
  throw new HoldfastError('BAD_REQUEST', 'The request to the daemon is not a JSON object');
}
