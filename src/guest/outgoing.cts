/**
 * Sends every TCP connection that leaves this machine through the egress proxy, below everything that could make one: `fetch`, `http`,
 * `https`, `undici`, `ws`, drivers of databases. A socket says 'connect' when the proxy has made the connection, and fails as it
 * would have failed by itself, or with EACCES and the reason when the proxy does not allow it.
 *
 * In two steps, because nothing can be read from a TLS socket before its handshake: a connection of our own asks the proxy to connect
 * and gets a ticket; the app's socket connects to the proxy and shows that in its first bytes, which are not answered.
 *
 * Of Node's inside it uses `socket._handle`, its `connect` and its `fd`, the same in Node 20 to 26.
 */
import type * as Fs from 'node:fs';
import type * as Net from 'node:net';
import type * as Os from 'node:os';
import type { QuietlyModule } from './quietly.cts';

const { quietly }: QuietlyModule = require('./quietly.cjs');

interface Proxy {
  readonly host: string;
  readonly port: number;
  /** Value of Proxy-Authorization. */
  readonly authorization: string;
}

interface Destination {
  readonly host: string;
  readonly port: number;
}

interface TcpHandle {
  readonly fd?: number;
  /** Under TLS. */
  readonly _parent?: TcpHandle;
  connect: (request: ConnectRequest, ...where: readonly unknown[]) => number;
}

interface ConnectRequest {
  oncomplete: (this: unknown, status: number, ...more: readonly unknown[]) => void;
}

type AppSocket = Net.Socket & { _handle?: TcpHandle | null };
type Done = (failure: Error | null, ticket: string) => void;

/** The proxy may be between two processes. */
const TRIES = 5;
const TRY_AGAIN_MS = 100;
const ANSWER_MAX = 16 * 1024;

/** @returns whether it does; without `HOLDFAST_EGRESS` the app is none of the proxy's */
function sendOutgoing(env: NodeJS.ProcessEnv): boolean {
  const proxy = env.HOLDFAST_EGRESS === 'guest' ? proxyOf(env.HTTP_PROXY) : null;
  if (!proxy) return false;
  // What the app starts has no guest, and then Node's own support is what there is.
  env.NODE_USE_ENV_PROXY = '1';
  const net: typeof Net = require('node:net');
  const { prototype } = net.Socket;
  const connect = prototype.connect as (...args: unknown[]) => Net.Socket;
  const normalize = (net as unknown as { _normalizeArgs: (args: unknown[]) => unknown[] })._normalizeArgs;
  if (typeof normalize !== 'function') return false;

  function connectThrough(this: AppSocket, ...args: unknown[]): Net.Socket {
    const [options, heard] = (Array.isArray(args[0]) ? args[0] : normalize(args)) as [
      Net.TcpNetConnectOpts & { path?: string },
      unknown,
    ];
    const to = destinationOf(options);
    if (!to || !proxy) return Reflect.apply(connect, this, args);
    const { lookup, family, localAddress, localPort, blockList, ...rest } = options as typeof options & {
      blockList?: unknown;
    };
    const socket = Reflect.apply(connect, this, [{ ...rest, host: proxy.host, port: proxy.port }, heard]);
    quietly(() => holdBack(this, to, proxy, connect));
    return socket;
  }

  prototype.connect = connectThrough as typeof prototype.connect;
  return true;
}

function proxyOf(text: string | undefined): Proxy | null {
  if (text === undefined || !URL.canParse(text)) return null;
  const { hostname, port, username, password } = new URL(text);
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  return { host: hostname, port: Number(port), authorization };
}

/** null: it does not leave this machine, or it is a mistake that Node itself will tell. */
function destinationOf({
  host = '',
  port,
  path,
}: Net.TcpNetConnectOpts & { path?: string }): Destination | null {
  const number = Number(port);
  if (path || !Number.isInteger(number) || number < 1 || number > 65_535 || typeof host !== 'string')
    return null;
  return isHere(host) ? null : { host, port: number };
}

function isHere(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (name === '' || name === 'localhost' || name.endsWith('.localhost')) return true;
  if (/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name) || name === '0.0.0.0') return true;
  return name === '::1' || name === '::' || /^::ffff:127\./.test(name);
}

/** Until the proxy has made the connection, the socket's own one to the proxy does not begin. */
function holdBack(
  socket: AppSocket,
  to: Destination,
  proxy: Proxy,
  connect: (...args: unknown[]) => Net.Socket,
): void {
  const handle = socket._handle;
  if (!handle) return; // destroyed already
  const proceed = handle.connect;
  handle.connect = (request, ...where) => {
    handle.connect = proceed;
    reserve(to, proxy, connect, TRIES, (failure, ticket) => {
      if (socket.destroyed || socket._handle !== handle) return;
      if (failure) return void socket.destroy(failure);
      const complete = request.oncomplete;
      request.oncomplete = function (status, ...more) {
        if (status === 0) quietly(() => claim(handle, to, proxy, ticket));
        Reflect.apply(complete, this, [status, ...more]);
      };
      const status = Reflect.apply(proceed, handle, [request, ...where]);
      if (status !== 0) socket.destroy(systemError('ECONNREFUSED', `connect to the egress proxy: ${status}`));
    });
    return 0;
  };
}

function reserve(
  to: Destination,
  proxy: Proxy,
  connect: (...args: unknown[]) => Net.Socket,
  tries: number,
  done: Done,
): void {
  const net: typeof Net = require('node:net');
  const asking = new net.Socket();
  let answer = '';
  asking.setEncoding('latin1');
  asking.on('data', (text: string) => {
    answer += text;
    if (answer.length > ANSWER_MAX) asking.destroy();
  });
  asking.on('error', () => {});
  asking.on('close', () => {
    const end = answer.indexOf('\r\n\r\n');
    if (end >= 0) return understand(answer.slice(0, end), answer.slice(end + 4).trim(), to, done);
    if (tries > 1) {
      setTimeout(() => reserve(to, proxy, connect, tries - 1, done), TRY_AGAIN_MS);
      return;
    }
    done(systemError('ECONNREFUSED', 'connect ECONNREFUSED: the egress proxy does not answer'), '');
  });
  Reflect.apply(connect, asking, [{ host: proxy.host, port: proxy.port }]);
  asking.write(head(to, proxy, 'Holdfast-Reserve: 1'));
}

function understand(text: string, reason: string, to: Destination, done: Done): void {
  const [line = '', ...fields] = text.split('\r\n');
  const field = (name: string) =>
    fields
      .find((one) => one.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const ticket = field('holdfast-ticket');
  if (/^HTTP\/1\.1 200 /.test(line) && ticket !== undefined) {
    done(null, ticket);
    return;
  }
  const code = field('holdfast-code') ?? 'ECONNREFUSED';
  const address = field('holdfast-address');
  const said = reason.replace(/^Holdfast: /, '');
  const isName = /^(ENOTFOUND|EAI_|ENODATA)/.test(code);
  const message = code === 'EACCES' ? `connect EACCES ${said}` : said;
  done(
    Object.assign(
      systemError(code, message),
      isName
        ? { syscall: 'getaddrinfo', hostname: to.host }
        : { syscall: 'connect', address: address ?? to.host, port: to.port },
    ),
    '',
  );
}

/** The kernel's buffer of a new connection is empty: it takes all of it at once. */
function claim(handle: TcpHandle, to: Destination, proxy: Proxy, ticket: string): void {
  const { writeSync }: typeof Fs = require('node:fs');
  const fd = (handle._parent ?? handle).fd;
  if (fd !== undefined) writeSync(fd, head(to, proxy, `Holdfast-Ticket: ${ticket}`));
}

function head({ host, port }: Destination, { authorization }: Proxy, field: string): string {
  const bare = host.replace(/[^\w.:%-]/g, '?');
  const authority = bare.includes(':') ? `[${bare}]:${port}` : `${bare}:${port}`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${authorization}\r\n${field}\r\n\r\n`;
}

function systemError(code: string, message: string): NodeJS.ErrnoException {
  const { constants }: typeof Os = require('node:os');
  const number = (constants.errno as Record<string, number | undefined>)[code];
  return Object.assign(new Error(message), { code, ...(number !== undefined && { errno: -number }) });
}

const exported = { sendOutgoing };
export type OutgoingModule = typeof exported;
module.exports = exported;
