/** The egress proxy's end of the link to the daemon: NDJSON over a unix socket, connected again whenever it breaks. */
import net from 'node:net';
import { encodeNdjson, NdjsonDecoder } from '../kit/ndjson.ts';
import type { FromChild, ToChild } from '../protocol/link.ts';

const RECONNECT_MS = 100;
const LINE_MAX = 64 * 1024 * 1024;

export interface LinkUser {
  /** Connected, for the first time or again: say what is true. */
  onConnect(): void;
  onMessage(message: ToChild): void;
  onError(problem: string): void;
}

export class Link {
  readonly #path: string;
  readonly #user: LinkUser;
  #socket: net.Socket | undefined;

  constructor(path: string, user: LinkUser) {
    this.#path = path;
    this.#user = user;
  }

  open(): void {
    const socket = net.connect(this.#path);
    const decoder = new NdjsonDecoder({ maxLineBytes: LINE_MAX });
    socket.on('connect', () => {
      this.#socket = socket;
      this.#user.onConnect();
    });
    socket.on('data', (chunk: Buffer) => {
      for (const decoded of decoder.push(chunk)) {
        if ('problem' in decoded)
          this.#user.onError(`Cannot read a message of the daemon: ${decoded.problem}`);
        else this.#user.onMessage(decoded.value as ToChild);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      setTimeout(() => this.open(), RECONNECT_MS).unref();
    });
  }

  get isOpen(): boolean {
    return this.#socket?.writable === true;
  }

  /** Tells the daemon; while it is away nothing, because `onConnect` repeats what is still true. */
  send(message: FromChild): void {
    this.#socket?.write(encodeNdjson(message));
  }
}
