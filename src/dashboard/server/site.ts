/** The dashboard: who may see it, what it shows, what it does. Everything that comes in by HTTP goes through `answer`. */
import type http from 'node:http';
import type { Client } from '../../client/client.ts';
import { asHoldfastError, HoldfastError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import {
  CSRF_FIELD,
  type DashboardRole,
  type HoldfastEvent,
  type SessionView,
} from '../../protocol/dashboard.ts';
import type { DashboardSettings } from '../../protocol/dashboard-settings.ts';
import { perform, readAction } from './actions.ts';
import { cookieName, readCookies, sessionCookie } from './cookies.ts';
import { securityFields, uncached } from './fields.ts';
import { isOwnOrigin } from './hosts.ts';
import type { LiveHub } from './live/hub.ts';
import { Logins } from './logins.ts';
import { readLogRequest } from './logs/query.ts';
import type { LogSearches } from './logs/search.ts';
import { type PageFiles, sendPageFile } from './page-files.ts';
import { releaseDetail, releasesViews } from './releases.ts';
import { csrfOf, LONGEST_MS, type Session, type Sessions } from './sessions.ts';
import type { Streams } from './streams.ts';
import { type Entry, readBody, type Visit, visitOf } from './visit.ts';

export interface SiteOptions {
  readonly clock: Clock;
  readonly settings: () => DashboardSettings;
  readonly client: Client;
  /** A client that says who asks. */
  readonly clientFor: (by: string) => Client;
  readonly sessions: Sessions;
  readonly hub: LiveHub;
  readonly searches: LogSearches;
  readonly streams: Streams;
  readonly files: PageFiles;
}

interface Known {
  readonly id: string;
  readonly session: Session;
}

class Refusal extends Error {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

export class Site {
  readonly #options: SiteOptions;
  readonly #logins: Logins;
  /** When somebody who is logged in last asked for something. */
  usedAt: number;

  constructor(options: SiteOptions) {
    this.#options = options;
    this.#logins = new Logins(options.clock, () => options.settings().users);
    this.usedAt = options.clock.now();
  }

  async answer(request: http.IncomingMessage, response: http.ServerResponse, entry: Entry): Promise<void> {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    try {
      const visit = visitOf(request, entry, this.#options.settings());
      if (!visit) throw new Refusal(421, 'The dashboard is not served under this name');
      if (visit.path === null) {
        response.writeHead(308, { ...securityFields, Location: `${visit.place.prefix}/` }).end();
      } else if (visit.path === 'api' || visit.path.startsWith('api/')) {
        await this.#api(visit, visit.path.slice('api/'.length), request, response);
      } else if (request.method === 'GET' || request.method === 'HEAD') {
        sendPageFile(request, response, this.#options.files, visit.path);
      } else throw new Refusal(405, 'There is nothing to change here');
    } catch (error) {
      refuse(response, error);
    }
  }

  async #api(
    visit: Visit,
    path: string,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const { method } = request;
    if (method !== 'GET' && method !== 'POST') throw new Refusal(405, 'Only GET and POST are known here');
    if (method === 'POST') {
      const { origin, host } = request.headers;
      const site = request.headers['sec-fetch-site'];
      if (!isOwnOrigin(origin, typeof site === 'string' ? site : undefined, host))
        throw new Refusal(403, 'The request came from another page');
      if (path === 'session') return this.#begin(visit, await readBody(request), response);
    } else if (request.headers['sec-fetch-site'] === 'cross-site') {
      throw new Refusal(403, 'The request came from another page');
    }
    const known = this.#who(visit, request);
    if (!known) throw new Refusal(401, 'Nobody is logged in: run `hold open` for a link, or log in');
    this.usedAt = this.#options.clock.now();
    if (method === 'POST') return this.#change(visit, path, known, request, response);
    const { hub, streams, searches, sessions } = this.#options;
    const isGood = () => sessions.isGood(known.session);
    const stream = () => {
      const opened = streams.open(response, isGood);
      if (!opened) throw new Refusal(503, 'Too many look on at once', { 'Retry-After': '10' });
      return opened;
    };
    if (path === 'live') return hub.add(stream());
    const follows = /^logs\/([^/]+)\/follow$/.exec(path);
    if (follows?.[1]) {
      // A browser that comes back says by itself how far it was.
      const last = request.headers['last-event-id'];
      if (typeof last === 'string' && last !== '') visit.fields.set('after', last);
      const wanted = readLogRequest(appName(follows[1]), visit.fields);
      const opened = stream();
      // A file that cannot be read, an expression without an end.
      return void searches.follow(wanted, opened).catch((error) => {
        const { details: _stack, ...body } = asHoldfastError(error).toBody();
        opened.send(JSON.stringify(body), { event: 'problem' });
        opened.end();
      });
    }
    send(response, 200, await this.#read(path.split('/').map(decoded), visit.fields, known));
  }

  async #read(
    [what, name, more, ...rest]: readonly string[],
    fields: URLSearchParams,
    known: Known,
  ): Promise<unknown> {
    const { client, searches, settings } = this.#options;
    const { home } = settings();
    if (rest.length > 0 || (more !== undefined && what !== 'releases')) throw unknown();
    if (name === undefined) {
      const app = fields.get('app') ?? undefined;
      switch (what) {
        case 'session':
          return this.#view(known);
        case 'events':
          return this.#events(fields);
        case 'crashes':
          return (await client.crashes(app)).toReversed();
        case 'releases':
          return releasesViews(home, await client.releases());
        case 'egress':
          return client.egress(app);
        case 'certificates':
          return client.certificates();
        case 'history': {
          const range = fields.get('range') ?? '1h';
          if (range !== '1h' && range !== '24h' && range !== '7d')
            throw new Refusal(400, 'range is 1h, 24h or 7d');
          return client.history(fields.get('series') ?? 'total', range);
        }
      }
      throw unknown();
    }
    if (what === 'apps') {
      const [detail, crashes, egress] = await Promise.all([
        client.app(name),
        client.crashes(name),
        client.egress(name).catch(() => null),
      ]);
      return { detail, crashes: crashes.toReversed(), egress };
    }
    if (what === 'logs') return searches.page(readLogRequest(appName(name), fields));
    if (what === 'releases' && more !== undefined)
      return releaseDetail(home, name, more, await client.releases());
    throw unknown();
  }

  async #events(fields: URLSearchParams): Promise<HoldfastEvent[]> {
    const limit = Math.min(500, Math.max(1, Number(fields.get('limit') ?? 100) || 100));
    const before = fields.get('before') === null ? Number.POSITIVE_INFINITY : Number(fields.get('before'));
    const [app, type] = [fields.get('app'), fields.get('type')];
    const found: HoldfastEvent[] = [];
    for await (const event of this.#options.client.events({ tail: 10_000 })) {
      if (event.seq >= before || (app !== null && event.app !== app)) continue;
      if (type !== null && event.type !== type && !event.type.startsWith(`${type}.`)) continue;
      found.push(event);
    }
    return found.slice(-limit).reverse();
  }

  async #change(
    visit: Visit,
    path: string,
    known: Known,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    if (request.headers[CSRF_FIELD.toLowerCase()] !== csrfOf(known.id))
      throw new Refusal(403, `The request does not carry the field ${CSRF_FIELD} of this session`);
    const { sessions, clientFor, settings } = this.#options;
    if (path === 'session/end') {
      sessions.end(known.session);
      return send(response, 200, null, { 'Set-Cookie': sessionCookie(visit.place, '', 0) });
    }
    if (path !== 'actions') throw unknown();
    if (known.session.role !== 'admin')
      throw new Refusal(403, 'You may look, but not change anything: this session is read-only');
    const action = readAction(await readBody(request));
    const by = `${known.session.user} (dashboard) from ${visit.address}`;
    const client = clientFor(by);
    response.writeHead(200, { ...securityFields, ...uncached, 'Content-Type': 'application/x-ndjson' });
    const tell = (reply: unknown) => {
      if (response.writable && response.writableLength < 1024 * 1024)
        response.write(`${JSON.stringify(reply)}\n`);
    };
    await perform(action, { client, by, home: settings().home, tell });
    client.close();
    response.end();
  }

  /** By the ticket of a link, or by name and password. */
  async #begin(visit: Visit, body: unknown, response: http.ServerResponse): Promise<void> {
    const { ticket, user, password } = (body ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof ticket === 'string') {
      const redeemed = await this.#options.client.redeemTicket(ticket.slice(0, 100)).catch((error) => {
        const { code, message } = asHoldfastError(error);
        throw code === 'BAD_REQUEST' ? new Refusal(401, message) : error;
      });
      return this.#welcome(visit, response, redeemed.user, redeemed.role, null);
    }
    if (
      typeof user !== 'string' ||
      typeof password !== 'string' ||
      user.length > 64 ||
      password.length > 1024
    )
      throw new Refusal(400, 'A name and a password are needed, or the ticket of a link');
    const outcome = await this.#logins.try(user, password, visit.address);
    if (outcome === 'wrong') throw new Refusal(401, 'The name or the password is wrong');
    if ('retryAfterS' in outcome)
      throw new Refusal(429, 'Too many tries: wait a few minutes', {
        'Retry-After': String(outcome.retryAfterS),
      });
    this.#welcome(visit, response, user, outcome.entry.role, outcome.entry.password);
  }

  #welcome(
    visit: Visit,
    response: http.ServerResponse,
    user: string,
    role: DashboardRole,
    kept: string | null,
  ): void {
    const known = this.#options.sessions.begin(user, role, kept);
    this.usedAt = this.#options.clock.now();
    const cookie = sessionCookie(visit.place, known.id, LONGEST_MS / 1000);
    send(response, 200, this.#view(known), { 'Set-Cookie': cookie });
  }

  #who({ place }: Visit, request: http.IncomingMessage): Known | null {
    for (const id of readCookies(request.headers.cookie, cookieName(place)).slice(0, 5)) {
      const session = this.#options.sessions.find(id);
      if (session) return { id, session };
    }
    return null;
  }

  #view({ id, session }: Known): SessionView {
    const { hostname, version } = this.#options.settings();
    const expiresAt = new Date(this.#options.sessions.endOf(session)).toISOString();
    return { user: session.user, role: session.role, csrf: csrfOf(id), expiresAt, hostname, version };
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unknown();
  }
}

/** It becomes the name of a file. */
function appName(part: string): string {
  const name = decoded(part);
  if (/^@?[A-Za-z0-9][A-Za-z0-9_@-]{0,99}$/.test(name)) return name;
  throw new Refusal(404, 'There is no app of this name');
}

function unknown(): Refusal {
  return new Refusal(404, 'There is nothing here');
}

function send(
  response: http.ServerResponse,
  status: number,
  value: unknown,
  fields: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...securityFields,
    ...uncached,
    'Content-Type': 'application/json',
    ...fields,
  });
  response.end(JSON.stringify(value));
}

function refuse(response: http.ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  if (error instanceof Refusal) {
    const code = error.status === 401 || error.status === 403 ? 'RIGHTS_MISSING' : 'BAD_REQUEST';
    const body = new HoldfastError(code, error.message, { hint: '' }).toBody();
    // What is left of a body is not read.
    send(response, error.status, { error: body }, { ...error.fields, Connection: 'close' });
    return;
  }
  const failure = asHoldfastError(error);
  const { details: _stack, ...body } = failure.toBody();
  if (failure.code === 'INTERNAL') process.stderr.write(`dashboard: ${failure.details.join('\n')}\n`);
  send(response, failure.httpStatus, { error: { ...body, details: [] } }, { Connection: 'close' });
}
