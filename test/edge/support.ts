/** Small parts that the edge's tests share. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import tls from 'node:tls';
import { until as waitUntil } from '../support/until.ts';

/** Waits until `holds`; what is waited for is told when it does not come. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  await waitUntil(holds, { why: what, every: 5 });
}

/** An HTTP server on a unix socket of its own, as instances have. */
export async function startApp(t: TestContext, listener: http.RequestListener) {
  const server = http.createServer({ keepAliveTimeout: 70_000 }, listener);
  const path = await listenUnix(t, server);
  return { server, path, address: { path } };
}

/** A server of plain bytes on a unix socket of its own. */
export async function startRawApp(t: TestContext, onConnection: (socket: net.Socket) => void) {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  const path = await listenUnix(t, server);
  return { server, path, address: { path } };
}

async function listenUnix(t: TestContext, server: net.Server): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-app-'));
  const path = join(dir, 'app.sock');
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(path);
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
    rmSync(dir, { recursive: true, force: true });
  });
  return path;
}

/** A raw client: writes bytes (latin1), collects what comes back. */
export class RawClient {
  readonly socket: net.Socket;
  received = '';
  ended = false;
  closed = false;
  error: NodeJS.ErrnoException | undefined;

  /** `to`: a port of this machine, or the path of a unix socket. `secure`: speak TLS first. */
  constructor(t: TestContext, to: number | string, secure?: tls.ConnectionOptions) {
    const address = typeof to === 'string' ? { path: to } : { port: to, host: '127.0.0.1' };
    const options = { ...address, allowHalfOpen: true };
    this.socket = secure ? tls.connect({ ...options, ...secure }) : net.connect(options);
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.received += text;
    });
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
    t.after(() => this.socket.destroy());
  }

  write(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Waits for text in what was received. */
  async sees(text: string | RegExp): Promise<this> {
    const there = () => (typeof text === 'string' ? this.received.includes(text) : text.test(this.received));
    await until(() => there() || this.closed, `the client sees ${text}`);
    if (!there())
      throw new Error(`The connection closed before ${text} came: ${JSON.stringify(this.received)}`);
    return this;
  }

  /** Waits for the end of what the server sends. */
  async sawEnd(): Promise<this> {
    await until(() => this.ended || this.closed, 'the server ends the connection');
    return this;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** One request on a connection of its own, or on the agent's. */
export async function ask(
  port: number,
  path: string,
  options: http.RequestOptions & { body?: string } = {},
): Promise<Answer> {
  const { body, ...rest } = options;
  const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...rest });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  response.setEncoding('latin1');
  for await (const chunk of response) text += chunk;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body: text,
  };
}
