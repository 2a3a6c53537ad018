/** A server that speaks `protocol/dashboard.ts` with made-up data, for tests of the page alone. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { Action, ActionReply, LiveMessage, LogLine, SessionView } from '../../src/protocol/dashboard.ts';
import type { HistoryRange } from '../../src/protocol/history.ts';
import { cleanup, type Test } from './cleanup.ts';
import {
  appPage,
  certificates,
  egress,
  historyOf,
  logOf,
  releaseDetail,
  releases,
  smallWorld,
} from './dashboard-world.ts';
import { root } from './root.ts';

/** Where the build puts the page; another build of it can be named. */
export const pageDir = process.env.HOLDFAST_PAGE ?? join(root, 'dist', 'dashboard', 'page');

/** What the real server sends with it. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export class FakeDashboard {
  /** Below a prefix, as behind an edge. */
  url = '';
  /** null: nobody is signed in. */
  session: SessionView | null = {
    user: 'ann',
    role: 'admin',
    csrf: 'csrf-of-ann',
    expiresAt: '2099-01-01T00:00:00Z',
    hostname: 'shop-1',
    version: '0.1.0',
  };
  world: LiveMessage = smallWorld();
  log: readonly LogLine[] = logOf('web', 700);
  /** What was asked for by POST, in order. */
  readonly done: Action[] = [];
  replies: readonly ActionReply[] = [{ line: 'web.0 is replaced' }, { done: 'All instances are new' }];
  readonly #watching = new Set<ServerResponse>();
  readonly #following = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(t: Test): Promise<FakeDashboard> {
    const fake = new FakeDashboard();
    await fake.listen(0);
    cleanup(t, () => fake.stop());
    return fake;
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ops/`;
  }

  /** Ends all connections too. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** To all pages that are open. */
  tell(message: LiveMessage): void {
    for (const response of this.#watching) response.write(`data: ${JSON.stringify(message)}\n\n`);
  }

  /** Pages that follow a log. */
  get followers(): number {
    return this.#following.size;
  }

  write(line: LogLine): void {
    for (const response of this.#following) response.write(`data: ${JSON.stringify(line)}\n\n`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const path = url.pathname.replace(/^\/ops\//, '');
    if (path.startsWith('api/')) {
      await this.#api(request, response, path.slice('api/'.length), url.searchParams);
      return;
    }
    const file = join(pageDir, path === '' ? 'index.html' : path);
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    const head = { 'Content-Type': types[extname(file)] ?? '', 'Content-Security-Policy': POLICY };
    response.writeHead(200, head).end(readFileSync(file));
  }

  async #api(request: IncomingMessage, response: ServerResponse, path: string, fields: URLSearchParams) {
    const send = (body: unknown, status = 200) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    const refuse = (status: number, message: string) =>
      send({ error: { code: 'REFUSED', message, hint: '' } }, status);
    if (request.method === 'POST') {
      const body = (await json(request)) as Action & { user?: string; ticket?: string };
      if (path === 'session') {
        if (body.user !== 'ann' && body.ticket !== 'good')
          return refuse(401, 'That name or password is wrong');
        this.session = new FakeDashboard().session;
        return send(this.session);
      }
      if (request.headers['holdfast-csrf'] !== this.session?.csrf)
        return refuse(403, 'The CSRF field is wrong');
      if (path === 'session/end') {
        this.session = null;
        return send(null);
      }
      this.done.push(body);
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      return response.end(this.replies.map((reply) => `${JSON.stringify(reply)}\n`).join(''));
    }
    if (!this.session) return refuse(401, 'Nobody is signed in');
    const [first = '', second, third] = path.split('/').map(decodeURIComponent);
    const app = this.world.apps?.[second ?? ''];
    switch (third === 'follow' ? 'follow' : first) {
      case 'session':
        return send(this.session);
      case 'live':
        return this.#stream(response, this.#watching, [this.world]);
      case 'follow':
        return this.#stream(response, this.#following, []);
      case 'history':
        return send(historyOf(fields.get('series') ?? '', fields.get('range') as HistoryRange));
      case 'apps':
        return app ? send(appPage(app)) : refuse(404, `There is no app "${second}"`);
      case 'logs':
        return send(this.#logPage(fields));
      case 'events':
        return send([...(this.world.events ?? [])].reverse());
      case 'crashes':
        return send(Object.values(this.world.apps ?? {}).flatMap((app) => (app ? appPage(app).crashes : [])));
      case 'releases': {
        if (second === undefined) return send(releases);
        const detail = releaseDetail(third ?? '');
        return detail ? send(detail) : refuse(404, `There is no release "${third}"`);
      }
      case 'egress':
        return send(egress);
      case 'certificates':
        return send(certificates);
      default:
        return refuse(404, `There is no "${path}"`);
    }
  }

  #logPage(fields: URLSearchParams) {
    const end = Number(fields.get('before') ?? this.log.length);
    const limit = Number(fields.get('limit'));
    const words = (fields.get('query') ?? '').toLowerCase().split(' ');
    const found = this.log
      .slice(0, end)
      .filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
    const lines = found.slice(-limit);
    const first = lines[0];
    const cursor = first && found.length > lines.length ? String(this.log.indexOf(first)) : null;
    return { lines, cursor, after: '' };
  }

  #stream(response: ServerResponse, among: Set<ServerResponse>, messages: readonly unknown[]): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(': begun\n\n');
    among.add(response);
    response.on('close', () => among.delete(response));
    for (const message of messages) response.write(`data: ${JSON.stringify(message)}\n\n`);
  }
}
