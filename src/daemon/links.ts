/**
 * The daemon's side of the link (protocol/link.ts): who is connected, and what each last said. A process that is not
 * the instance it says it is (a forked child, an old one) is not listened to.
 */
import { chmodSync, rmSync } from 'node:fs';
import net from 'node:net';
import { encodeNdjson, NdjsonDecoder } from '../kit/ndjson.ts';
import type { FromChild, ToChild } from '../protocol/link.ts';

type Hello = Extract<FromChild, { type: 'hello' }>;
export type Listening = Extract<FromChild, { type: 'listening' }>;

/** One connected process. */
export interface Link {
  readonly hello: Hello;
  /** `web.0#3` */
  readonly key: string;
  listening: Listening[];
  loopDelayMs: number | null;
  heapBytes: number | null;
  /** Version of the route table in force; edges only. */
  applied: number;
  /** When it last said anything, in ms since the epoch: its event loop turns. */
  heardAt: number;
  /** A debugger may stop it. */
  debugged: boolean;
  /** A profile of it is being taken, for which it may be stopped. */
  profiled: boolean;
  /** The app has said that it is ready. */
  saidReady: boolean;
  /** Where this very instance can be asked how it is. */
  probe: Extract<FromChild, { type: 'probing' }> | null;
  send(message: ToChild): void;
}

export interface LinksOptions {
  /** The process with this pid is this instance, and runs as this user; null: as the daemon's. */
  isGenuine(hello: Hello, uid: number | null): boolean;
  onConnect(link: Link): void;
  onMessage(link: Link, message: FromChild): void;
  onDisconnect(link: Link): void;
}

export class Links {
  readonly #options: LinksOptions;
  readonly #byKey = new Map<string, Link>();
  readonly #sockets = new Set<net.Socket>();
  readonly #servers = new Map<string, net.Server>();

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** @param uid whose processes connect there; null: those of the daemon's own user */
  async listen(path: string, uid: number | null = null): Promise<void> {
    this.#servers.get(path)?.close();
    rmSync(path, { force: true });
    const server = net.createServer((socket) => this.#serve(socket, uid));
    this.#servers.set(path, server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  }

  close(): void {
    for (const server of this.#servers.values()) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  get(key: string): Link | undefined {
    return this.#byKey.get(key);
  }

  get all(): readonly Link[] {
    return [...this.#byKey.values()];
  }

  #serve(socket: net.Socket, uid: number | null): void {
    const decoder = new NdjsonDecoder({ maxLineBytes: 1024 * 1024 });
    let link: Link | null = null;
    this.#sockets.add(socket);
    socket.on('data', (chunk) => {
      for (const decoded of decoder.push(chunk)) {
        if (!('value' in decoded)) return socket.destroy();
        const message = decoded.value as FromChild;
        if (typeof message !== 'object' || message === null) return socket.destroy();
        if (link) this.#take(link, message);
        else if (message.type === 'hello' && this.#options.isGenuine(message, uid))
          link = this.#welcome(socket, message);
        else return socket.destroy();
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (!link) return;
      if (this.#byKey.get(link.key) === link) this.#byKey.delete(link.key);
      this.#options.onDisconnect(link);
    });
  }

  #welcome(socket: net.Socket, hello: Hello): Link {
    const link: Link = {
      hello,
      key: `${hello.instance}#${hello.serial}`,
      listening: [],
      loopDelayMs: null,
      heapBytes: null,
      applied: 0,
      heardAt: Date.now(),
      debugged: false,
      profiled: false,
      saidReady: false,
      probe: null,
      send: (message) => {
        if (socket.writable) socket.write(encodeNdjson(message));
      },
    };
    this.#byKey.set(link.key, link);
    this.#options.onConnect(link);
    return link;
  }

  #take(link: Link, message: FromChild): void {
    link.heardAt = Date.now();
    if (message.type === 'listening') {
      const others = link.listening.filter((l) => l.port !== message.port || l.host !== message.host);
      link.listening = [...others, message];
    }
    if (message.type === 'health') {
      link.loopDelayMs = message.loopDelayMs;
      link.heapBytes = message.heapBytes;
      link.debugged = message.debugged === true;
    }
    if (message.type === 'ready') link.saidReady = true;
    if (message.type === 'probing') link.probe = message;
    if (message.type === 'applied') link.applied = message.version;
    // A hundred instances say how they are a hundred times a second: that is for whoever looks.
    if (message.type !== 'health') this.#options.onMessage(link, message);
  }
}
