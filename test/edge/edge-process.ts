/** Starts the whole edge as a process, with the daemon's side of the link played by the test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { http2Defaults, upstreamDefaults } from '../../src/config/traffic-defaults.ts';
import type { EdgePool, EdgeTable, EdgeTarget, EdgeTls } from '../../src/protocol/edge-table.ts';
import type { FromChild, GuestOrders, ToChild } from '../../src/protocol/link.ts';
import { until } from './support.ts';

const MAIN = fileURLToPath(new URL('../../src/edge/main.js', import.meta.url));

interface Bindable {
  _createServerHandle(
    host: string,
    port: number,
    family: 4 | 6 | -1,
  ): { readonly fd: number; getsockname(into: { port?: number }): void; close(): void };
}

type Of<T extends FromChild['type']> = Extract<FromChild, { type: T }>;

export interface EdgeProcess {
  readonly port: number;
  /** Of its door, if that is a unix socket. */
  readonly socketPath: string;
  readonly child: ChildProcess;
  /** Everything that the edge said over the link. */
  readonly said: FromChild[];
  readonly stdout: () => string;
  readonly stderr: () => string;
  send(message: ToChild): void;
  /** Sends a table and waits until it is in force. */
  apply(table: EdgeTable): Promise<void>;
  /** Waits for a message that fits. */
  heard<T extends FromChild['type']>(type: T, fits?: (message: Of<T>) => boolean): Promise<Of<T>>;
  /** The daemon goes away, and comes back when the returned function is called. */
  leave(): Promise<() => Promise<void>>;
  /** What it writes on stderr is no failure of the test; it may come later than what it is about. */
  forgive(): void;
  readonly exited: Promise<number | null>;
}

/** An edge with one door on a free port, or on a unix socket, and this table in force; with `tls` the door speaks that. */
export async function startEdge(
  t: TestContext,
  table: EdgeTable,
  unix = false,
  tls?: Omit<EdgeTls, 'listen'>,
): Promise<EdgeProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-edge-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  // Bound and held, and never accepted on, as the daemon does it.
  const socketPath = join(dir, 'door.sock');
  const bind = (net as unknown as Bindable)._createServerHandle;
  const door = unix ? bind(socketPath, -1, -1) : bind('127.0.0.1', 0, 4);
  const bound: { port?: number } = {};
  if (!unix) door.getsockname(bound);
  const port = bound.port ?? 0;
  const path = join(dir, 'link.sock');
  const said: FromChild[] = [];
  const daemon = await playDaemon(path, said);
  const orders: GuestOrders = {
    link: path,
    instance: 'edge.0',
    serial: 1,
    socket: null,
    front: null,
    port: null,
    doors: [{ fd: 3, host: '127.0.0.1', port }],
    exitNote: null,
    offer: false,
    healthEveryMs: 1000,
    messages: false,
    reports: null,
    watchdogMs: null,
    probe: null,
  };
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'pipe', door.fd],
    env: { ...process.env, HOLDFAST_GUEST: JSON.stringify(orders), NODE_OPTIONS: '' },
  });
  let stdout = '';
  let stderr = '';
  let forgiven = false;
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
    await daemon.leave();
    door.close();
    const complaints = stderr.replace(/^edge: \S+ is (ejected|restored).*\n/gm, '');
    if (complaints !== '' && !forgiven) throw new Error(`The edge complained: ${complaints}`);
  });
  const edge: EdgeProcess = {
    port,
    socketPath,
    child,
    said,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    send: (message) => daemon.send(message),
    async apply(next) {
      daemon.send({ type: 'table', table: next });
      await edge.heard('applied', ({ version }) => version === next.version);
    },
    async heard(type, fits = () => true) {
      const found = () =>
        said.find((message) => message.type === type && fits(message as Of<typeof type>)) as
          | Of<typeof type>
          | undefined;
      await until(() => found() !== undefined, `the edge says ${type}`);
      return found() as Of<typeof type>;
    },
    forgive() {
      forgiven = true;
    },
    async leave() {
      await daemon.leave();
      return () => daemon.come();
    },
  };
  await edge.heard('hello');
  if (tls) edge.send({ type: 'tls', tls: { listen: { host: '127.0.0.1', port }, ...tls } });
  await edge.apply(table);
  await edge.heard('listening');
  return edge;
}

async function playDaemon(path: string, said: FromChild[]) {
  let server: net.Server;
  let socket: net.Socket | undefined;
  const come = async () => {
    server = net.createServer((accepted) => {
      socket = accepted;
      let rest = '';
      accepted.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) said.push(JSON.parse(line));
      });
      accepted.on('error', () => {});
    });
    server.listen(path);
    await once(server, 'listening');
  };
  await come();
  return {
    come,
    send: (message: ToChild) => void socket?.write(`${JSON.stringify(message)}\n`),
    async leave() {
      socket?.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface TableParts {
  readonly version?: number;
  readonly pools?: Readonly<Record<string, Partial<EdgePool>>>;
  readonly sites?: EdgeTable['sites'];
  readonly limits?: Partial<EdgeTable['limits']>;
  readonly unknownHost?: 404 | 421;
  readonly trust?: readonly string[];
  readonly accessLog?: EdgeTable['accessLog'];
  readonly http2?: Partial<EdgeTable['http2']>;
  readonly proxyProtocol?: boolean;
}

let version = 0;

/** A table: by default every host and path leads to the pool `web`. */
export function tableOf(parts: TableParts): EdgeTable {
  const pools = Object.entries(parts.pools ?? {}).map(([name, pool]) => [
    name,
    {
      sticky: 'none',
      targets: [],
      hold: { timeoutMs: 5_000, maxWaiting: 100 },
      rules: upstreamDefaults,
      ...pool,
    } satisfies EdgePool,
  ]);
  return {
    version: parts.version ?? ++version,
    sites: parts.sites ?? [{ host: '*', routes: [{ prefix: '/', pool: 'web' }] }],
    pools: Object.fromEntries(pools),
    unknownHost: parts.unknownHost ?? 404,
    trust: parts.trust ?? [],
    limits: {
      headTimeoutMs: 10_000,
      bodyIdleMs: 10_000,
      keepAliveMs: 30_000,
      upstreamTimeoutMs: 10_000,
      connectionsPerIp: 1_000,
      bodyBytes: 0,
      memoryBytes: 0,
      ...parts.limits,
    },
    accessLog: parts.accessLog ?? null,
    http2: { ...http2Defaults, ...parts.http2 },
    proxyProtocol: parts.proxyProtocol ?? false,
  };
}

export function targetOf(
  id: string,
  address: EdgeTarget['address'],
  more: Partial<Pick<EdgeTarget, 'guest' | 'state'>> = {},
): EdgeTarget {
  return { id, address, guest: false, state: 'ready', ...more };
}
