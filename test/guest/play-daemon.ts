/** Plays the daemon for one app that carries the guest: the link, the doors, the pipes and the IPC channel. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DoorOffer, FromChild, GuestOrders, ToChild } from '../../src/protocol/link.ts';
import { cleanup, type Test } from '../support/cleanup.ts';
import { root } from '../support/root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const compiled = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'src', 'guest', 'guest.cjs');
export const guestFile = existsSync(compiled) ? compiled : join(root, 'dist', 'guest', 'guest.cjs');

/** A listening handle of Node; the public ways to share one fd do not exist on Node 20. */
export interface RawHandle {
  readonly fd: number;
  close(): void;
  listen(backlog: number): number;
  getsockname(out: { port?: number }): number;
  onconnection?: (status: number, client: RawHandle) => void;
}

export interface Door {
  readonly handle: RawHandle;
  readonly host: string | null;
  readonly port: number;
}

type Message<K extends FromChild['type']> = Extract<FromChild, { type: K }>;

export interface AppOptions {
  /** CommonJS source, or the source of an ES module. */
  readonly code?: string;
  readonly esm?: string;
  /** Or a script. */
  readonly file?: string;
  readonly orders?: Partial<Omit<GuestOrders, 'doors'>>;
  readonly doors?: readonly Door[];
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
  /** Another Node than the one that runs the test. */
  readonly node?: string;
  /** Run it without the guest's orders, to see that it then does nothing. */
  readonly withoutOrders?: boolean;
}

export class App {
  readonly child: ChildProcess;
  readonly offers: { offer: DoorOffer; handle: RawHandle }[] = [];
  output = '';

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.output += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.output += chunk;
    });
    child.on('internalMessage' as 'message', (message, handle) => {
      const offer = message as DoorOffer;
      if (offer.cmd === 'NODE_HOLDFAST_DOOR') {
        this.offers.push({ offer, handle: handle as unknown as RawHandle });
      }
    });
  }

  /** Waits until the app has printed `text`. */
  async printed(text: string | RegExp): Promise<string> {
    const found = () => (typeof text === 'string' ? this.output.includes(text) : text.test(this.output));
    await until(found, { why: `the app prints ${text}` }).catch((error) => {
      throw new Error(`${error.message}; it printed ${JSON.stringify(this.output)}`);
    });
    return this.output;
  }

  /** The exit code, or the signal. */
  async ended(): Promise<number | string | null> {
    const over = () => this.child.exitCode !== null || this.child.signalCode !== null;
    await until(over, { why: 'the app ends' }).catch((error) => {
      throw new Error(`${error.message}; it printed ${JSON.stringify(this.output)}`);
    });
    return this.child.signalCode ?? this.child.exitCode;
  }
}

export class Daemon {
  readonly dir: string;
  readonly link: string;
  readonly socket: string;
  readonly heard: FromChild[] = [];
  readonly lines: Socket[] = [];
  readonly #t: Test;
  #server: Server | null = null;

  private constructor(t: Test) {
    this.#t = t;
    this.dir = tempDir(t);
    this.link = join(this.dir, 'link.sock');
    this.socket = join(this.dir, 'web.0.sock');
  }

  static async start(t: Test): Promise<Daemon> {
    const daemon = new Daemon(t);
    await daemon.up();
    cleanup(t, () => daemon.down());
    return daemon;
  }

  async up(): Promise<void> {
    const server = createServer((line) => this.#hear(line));
    server.listen(this.link);
    await once(server, 'listening');
    this.#server = server;
  }

  /** As if it had been killed. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const line of this.lines.splice(0)) line.destroy();
    if (server?.listening) {
      server.close();
      await once(server, 'close');
    }
  }

  #hear(line: Socket): void {
    this.lines.push(line);
    let rest = '';
    line.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.heard.push(JSON.parse(part));
    });
    line.on('error', () => {});
  }

  tell(message: ToChild): void {
    this.lines.at(-1)?.write(`${JSON.stringify(message)}\n`);
  }

  heardOf<K extends FromChild['type']>(type: K): Message<K>[] {
    return this.heard.filter((message): message is Message<K> => message.type === type);
  }

  /** Waits for the `count`th message of this type. */
  async hears<K extends FromChild['type']>(type: K, count = 1): Promise<Message<K>> {
    const app = () => this.#apps.map((one) => one.output).join('\n');
    await until(() => this.heardOf(type).length >= count, { why: `${type} is told` }).catch((error) => {
      throw new Error(`${error.message}; the app printed: ${app()}`);
    });
    const message = this.heardOf(type)[count - 1];
    if (!message) throw new Error(`No message ${count} of type ${type}`);
    return message;
  }

  readonly #apps: App[] = [];

  run(options: AppOptions): App {
    const doors = options.doors ?? [];
    const orders: GuestOrders = {
      link: this.link,
      instance: 'web.0',
      serial: 1,
      socket: null,
      front: null,
      port: null,
      exitNote: null,
      offer: false,
      healthEveryMs: 1000,
      messages: false,
      reports: null,
      watchdogMs: null,
      probe: null,
      ...options.orders,
      doors: doors.map(({ host, port }, i) => ({ fd: 3 + i, host, port })),
    };
    const what =
      options.esm !== undefined
        ? ['--input-type=module', '-e', options.esm]
        : options.code !== undefined
          ? ['--input-type=commonjs', '-e', options.code]
          : [options.file ?? ''];
    const { NODE_CHANNEL_FD: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const orderEnv = options.withoutOrders ? {} : { HOLDFAST_GUEST: JSON.stringify(orders) };
    const child = spawn(
      options.node ?? process.execPath,
      ['--report-exclude-network', '--require', guestFile, ...(options.nodeArgs ?? []), ...what],
      {
        cwd: root,
        env: { ...env, ...orderEnv, SOCKET: this.socket, ...options.env },
        stdio: [
          'ignore',
          'pipe',
          'pipe',
          ...doors.map(({ handle }) => handle.fd),
          ...(orders.offer ? ['ipc' as const] : []),
        ],
      },
    );
    const app = new App(child);
    this.#apps.push(app);
    cleanup(this.#t, async () => {
      for (const { handle } of app.offers) handle.close();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    });
    return app;
  }
}

interface InternalNet {
  _createServerHandle(address: string, port: number, addressType: 4 | 6): RawHandle | number;
}

/** A listening socket held as the daemon holds it: bound and listening, never accepting. */
export async function holdDoor(t: Test, host: string | null = null, wantedPort = 0): Promise<Door> {
  const net = (await import('node:net')).default as unknown as InternalNet;
  const type = host === null || host.includes(':') ? 6 : 4;
  const handle = net._createServerHandle(host ?? '::', wantedPort, type);
  if (typeof handle === 'number') throw new Error(`Cannot bind ${host}: ${handle}`);
  cleanup(t, () => handle.close());
  const name: { port?: number } = {};
  handle.getsockname(name);
  return { handle, host, port: name.port ?? 0 };
}
