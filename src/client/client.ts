/** The daemon as an object: one method for each call of `protocol/api.ts`. */
import type { AppPlan, Plan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import type {
  AppDetail,
  AppView,
  CacheCleared,
  ClearCacheRequest,
  CrashRecord,
  DaemonView,
  FlushRequest,
  InstanceRequest,
  PauseRequest,
  Reply,
  RestartRequest,
  SendRequest,
  SignalRequest,
  SignalResult,
  SiteView,
  TestNotifyRequest,
  TrafficView,
  UpgradeRequest,
  UpRequest,
  UpResult,
  VariablesChanged,
  VariablesResult,
} from '../protocol/api.ts';
import type { CertificateView } from '../protocol/certificates.ts';
import type { DashboardRole, HealthView } from '../protocol/dashboard.ts';
import type {
  DashboardSettings,
  Redeemed,
  RedeemRequest,
  Ticket,
  TicketRequest,
} from '../protocol/dashboard-settings.ts';
import type { EgressView } from '../protocol/egress.ts';
import type { HoldfastEvent } from '../protocol/events.ts';
import type { History, HistoryRange } from '../protocol/history.ts';
import type { Metrics, TextFormat } from '../protocol/metrics.ts';
import type { NotifyTest } from '../protocol/notify-rules.ts';
import type { EndedProfiles, EndProfileRequest, ProfileRequest, ProfileView } from '../protocol/profile.ts';
import type { PromoteRequest, PromotionView, ReleaseFailure, ReleaseNames } from '../protocol/release.ts';
import { ControlSocket, linesOf, parsed, textOf } from './http.ts';

export interface ChangeOptions {
  /** Called with what happens meanwhile, in order. */
  readonly onEvent?: ((event: HoldfastEvent) => void) | undefined;
  /** Stops waiting; what was asked for goes on. */
  readonly signal?: AbortSignal | undefined;
}

export interface EventOptions {
  /** How many of the past ones come first. */
  readonly tail?: number;
  /** Go on with new ones until the signal. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Every method rejects with the HoldfastError that the daemon answered with, or with DAEMON_UNREACHABLE when it does
 * not answer. The connection is made for each call, so a client outlives a restart of the daemon.
 */
export class Client {
  readonly #socket: ControlSocket;

  /** @param by who asks, for the journal; left out: the user of this process */
  constructor(socketPath: string, by?: string) {
    this.#socket = new ControlSocket(socketPath, by);
  }

  daemon(options: { timeoutMs?: number } = {}): Promise<DaemonView> {
    return this.#get('/v1/daemon', options);
  }

  apps(): Promise<AppView[]> {
    return this.#get('/v1/apps');
  }

  app(name: string): Promise<AppDetail> {
    return this.#get(`/v1/apps/${encodeURIComponent(name)}`);
  }

  /** Newest last; of one app or of all. */
  crashes(app?: string): Promise<CrashRecord[]> {
    return this.#get(app === undefined ? '/v1/crashes' : `/v1/crashes?app=${encodeURIComponent(app)}`);
  }

  /** Where apps connect to, through the egress proxy; of one app or of all. */
  egress(app?: string): Promise<EgressView> {
    return this.#get(app === undefined ? '/v1/egress' : `/v1/egress?app=${encodeURIComponent(app)}`);
  }

  /** What has gone over the edges. */
  traffic(): Promise<TrafficView> {
    return this.#get('/v1/traffic');
  }

  /** What was over time, of one series (history.ts). */
  history(series: string, range: HistoryRange): Promise<History> {
    return this.#get(`/v1/history?${new URLSearchParams({ series, range })}`);
  }

  metrics(): Promise<Metrics> {
    return this.#get('/v1/metrics?format=json');
  }

  /** For Prometheus; of which type it is, is in `contentTypes`. */
  async metricsText(format: TextFormat): Promise<string> {
    return textOf(await this.#socket.send({ method: 'GET', path: `/v1/metrics?format=${format}` }));
  }

  health(): Promise<HealthView> {
    return this.#get('/v1/health');
  }

  certificates(): Promise<CertificateView[]> {
    return this.#get('/v1/certificates');
  }

  sites(): Promise<SiteView[]> {
    return this.#get('/v1/sites');
  }

  /** Requests of this site wait. Resolves when that is so. */
  pause(host: string, body: PauseRequest = {}, options: ChangeOptions = {}): Promise<SiteView> {
    return this.#post(`/v1/sites/${encodeURIComponent(host)}/pause`, body, options);
  }

  resume(host: string, options: ChangeOptions = {}): Promise<SiteView> {
    return this.#post(`/v1/sites/${encodeURIComponent(host)}/resume`, {}, options);
  }

  /** Throws out what the edges keep of a site, or with null of all. */
  clearCache(site: string | null, options: ChangeOptions = {}): Promise<CacheCleared> {
    return this.#post('/v1/cache/clear', { site } satisfies ClearCacheRequest, options);
  }

  /** The journal. Ends by itself without `follow`, quietly when the signal is given, with an error when the daemon goes. */
  async *events({ tail = 0, follow = false, signal }: EventOptions = {}): AsyncGenerator<HoldfastEvent> {
    try {
      const path = `/v1/events?tail=${tail}${follow ? '&follow=1' : ''}`;
      const response = await this.#socket.send({ method: 'GET', path, signal });
      try {
        yield* linesOf<HoldfastEvent>(response);
      } finally {
        response.destroy();
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
    if (follow && !signal?.aborted) {
      throw new HoldfastError('DAEMON_UNREACHABLE', 'The daemon ended, and with it the stream of events');
    }
  }

  up(
    plan: Plan,
    { dryRun = false, ...options }: ChangeOptions & { dryRun?: boolean } = {},
  ): Promise<UpResult> {
    const body: UpRequest = { plan, dryRun };
    return this.#post('/v1/up', body, options);
  }

  /** A new app, or a stopped one of the same name again. Resolves when it is ready. */
  startApp(app: AppPlan, options: ChangeOptions = {}): Promise<AppView> {
    return this.#post('/v1/apps', { app }, options);
  }

  /** All of an app, or one instance of it. */
  start(name: string, options: ChangeOptions = {}, body: InstanceRequest = {}): Promise<AppView> {
    return this.#change(name, 'start', options, body);
  }

  stop(name: string, options: ChangeOptions = {}, body: InstanceRequest = {}): Promise<AppView> {
    return this.#change(name, 'stop', options, body);
  }

  restart(name: string, options: ChangeOptions = {}, body: RestartRequest = {}): Promise<AppView> {
    return this.#change(name, 'restart', options, body);
  }

  reload(name: string, options: ChangeOptions = {}, body: RestartRequest = {}): Promise<AppView> {
    return this.#change(name, 'reload', options, body);
  }

  /** Runs a job now. */
  runJob(name: string, options: ChangeOptions = {}): Promise<AppView> {
    return this.#change(name, 'run', options);
  }

  sendSignal(name: string, body: SignalRequest, options: ChangeOptions = {}): Promise<SignalResult> {
    return this.#change(name, 'signal', options, body);
  }

  /** Writes a text to the stdin of an app that has one. */
  sendText(name: string, body: SendRequest, options: ChangeOptions = {}): Promise<SignalResult> {
    return this.#change(name, 'send', options, body);
  }

  /** Resolves when it is kept, which takes as long as the profile. Of one instance: `slot`, or the first one that is ready. */
  profile(name: string, body: ProfileRequest, options: ChangeOptions = {}): Promise<ProfileView> {
    return this.#change(name, 'profile', options, body);
  }

  /** Ends a profile before its time; who waits for it gets what there is. */
  endProfile(name: string, body: EndProfileRequest, options: ChangeOptions = {}): Promise<EndedProfiles> {
    return this.#change(name, 'profile/end', options, body);
  }

  /** Sets the restart counts to 0. */
  reset(name: string, options: ChangeOptions = {}): Promise<AppView> {
    return this.#change(name, 'reset', options);
  }

  /** With nothing masked. */
  plan(name: string): Promise<AppPlan> {
    return this.#get(`/v1/apps/${encodeURIComponent(name)}/plan`);
  }

  /** The variables by which a command beside the app finds the egress proxy, with the app's password; none without `egress`. */
  proxyVariables(name: string): Promise<Readonly<Record<string, string>>> {
    return this.#get(`/v1/apps/${encodeURIComponent(name)}/proxy`);
  }

  reopenLogs(options: ChangeOptions = {}): Promise<null> {
    return this.#post('/v1/logs/reopen', {}, options);
  }

  /** Empties the logs of an app, or of all. */
  flushLogs(app: string | null, options: ChangeOptions = {}): Promise<null> {
    return this.#post('/v1/logs/flush', { app } satisfies FlushRequest, options);
  }

  /** The daemon ends after its answer, and the next one is of another version. */
  upgrade(body: UpgradeRequest, options: ChangeOptions = {}): Promise<null> {
    return this.#post('/v1/upgrade', body, options);
  }

  /** Sends a message that tries the webhooks: one address, or with null all that are in force. */
  testNotify(url: string | null, options: ChangeOptions = {}): Promise<NotifyTest[]> {
    return this.#post('/v1/notify/test', { url } satisfies TestNotifyRequest, options);
  }

  /** After what the vault has of a project was changed. */
  variablesChanged(body: VariablesChanged, options: ChangeOptions = {}): Promise<VariablesResult> {
    return this.#post('/v1/variables/changed', body, options);
  }

  scale(name: string, instances: number, options: ChangeOptions = {}): Promise<AppView> {
    return this.#change(name, 'scale', options, { instances });
  }

  delete(name: string, options: ChangeOptions = {}): Promise<null> {
    return this.#change(name, 'delete', options);
  }

  /** Projects with releases: which serves, and what is being promoted. */
  releases(): Promise<PromotionView[]> {
    return this.#get('/v1/releases');
  }

  /** Resolves when the release serves; rejects with RELEASE_REFUSED when it came to nothing. It goes on when nobody waits any more. */
  promote(request: PromoteRequest, options: ChangeOptions = {}): Promise<PromotionView> {
    return this.#post('/v1/releases/promote', request, options);
  }

  /** Rejects with APP_EXISTS when an app or a site of these names is not the project's. */
  checkRelease(project: string, names: ReleaseNames): Promise<null> {
    return this.#post(`/v1/releases/${encodeURIComponent(project)}/check`, names, {});
  }

  /** One came to nothing before it was promoted: for the journal. */
  releaseFailed(project: string, body: ReleaseFailure, options: ChangeOptions = {}): Promise<null> {
    return this.#post(`/v1/releases/${encodeURIComponent(project)}/failed`, body, options);
  }

  /** Ends the time in which a release is watched. */
  continuePromotion(project: string, options: ChangeOptions = {}): Promise<PromotionView> {
    return this.#post(`/v1/releases/${encodeURIComponent(project)}/continue`, {}, options);
  }

  /** Brings the release before back; resolves when that has begun. */
  abortPromotion(project: string, options: ChangeOptions = {}): Promise<PromotionView> {
    return this.#post(`/v1/releases/${encodeURIComponent(project)}/abort`, {}, options);
  }

  /** What the dashboard's process is to do. */
  dashboard(): Promise<DashboardSettings> {
    return this.#get('/v1/dashboard');
  }

  /** One link that opens the dashboard, which runs from then on. */
  dashboardTicket(role: DashboardRole, options: ChangeOptions = {}): Promise<Ticket> {
    return this.#post('/v1/dashboard/ticket', { role } satisfies TicketRequest, options);
  }

  redeemTicket(ticket: string): Promise<Redeemed> {
    return this.#post('/v1/dashboard/redeem', { ticket } satisfies RedeemRequest, {});
  }

  /** All sessions end, or with `idle` none; and the dashboard itself, unless the configuration wants it. */
  closeDashboard({ idle = false }: { idle?: boolean } = {}): Promise<null> {
    return this.#post('/v1/dashboard/close', { idle }, {});
  }

  /** Stops everything of the home; the daemon ends after its answer. */
  down(options: ChangeOptions = {}): Promise<null> {
    return this.#post('/v1/down', {}, options);
  }

  /** Ends its connections, so that the process can end. */
  close(): void {
    this.#socket.close();
  }

  async #get<T>(path: string, { timeoutMs }: { timeoutMs?: number } = {}): Promise<T> {
    const response = await this.#socket.send({
      method: 'GET',
      path,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    return parsed<T>(await textOf(response));
  }

  #change<T>(name: string, verb: string, options: ChangeOptions, body: unknown = {}): Promise<T> {
    return this.#post(`/v1/apps/${encodeURIComponent(name)}/${verb}`, body, options);
  }

  async #post<T>(path: string, body: unknown, { onEvent, signal }: ChangeOptions): Promise<T> {
    const response = await this.#socket.send({ method: 'POST', path, body, signal });
    for await (const reply of linesOf<Reply<T>>(response)) {
      if ('event' in reply) onEvent?.(reply.event);
      else if ('error' in reply) throw HoldfastError.fromBody(reply.error);
      else return reply.result;
    }
    throw new HoldfastError('DAEMON_UNREACHABLE', 'The daemon went away before it had answered', {
      hint: 'Run `hold ls` to see how far it came',
    });
  }
}
