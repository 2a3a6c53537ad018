/** The edge's end of the link to the daemon: NDJSON over a unix socket, connected again whenever it breaks. */
import net from 'node:net';
import { HoldfastError } from '../errors.ts';
import { type Decoded, encodeNdjson, NdjsonDecoder } from '../kit/ndjson.ts';
import type { FromChild, ToChild } from '../protocol/link.ts';

const RECONNECT_MS = 100;
/** A table with thousands of sites fits; what is longer is no message. */
const LINE_MAX = 64 * 1024 * 1024;

export interface LinkUser {
  /** Connected, for the first time or again: say what is true. */
  onConnect(): void;
  onMessage(message: ToChild): void;
  onError(error: unknown): void;
}

export class Link {
  readonly #path: string;
  readonly #user: LinkUser;
  #socket: net.Socket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

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
      for (const decoded of decoder.push(chunk)) this.#receive(decoded);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      if (!this.#closed) this.#retry = setTimeout(() => this.open(), RECONNECT_MS);
    });
  }

  /** Tells the daemon; while it is away nothing, because `onConnect` repeats what is still true. */
  send(message: FromChild): void {
    this.#socket?.write(encodeNdjson(message));
  }

  /** Everything sent is with the kernel, or the daemon is away. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const socket = this.#socket;
    if (!socket || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.end(() => socket.destroy());
    });
  }

  #receive(decoded: Decoded): void {
    try {
      if ('problem' in decoded)
        throw new HoldfastError('BAD_REQUEST', `Cannot read a message of the daemon: ${decoded.problem}`);
      this.#user.onMessage(decoded.value as ToChild);
    } catch (error) {
      this.#user.onError(error);
    }
  }
}
