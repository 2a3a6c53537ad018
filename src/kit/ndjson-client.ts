/** One end of a conversation in NDJSON over a unix socket, connected again whenever it breaks. */
import net from 'node:net';
import { encodeNdjson, NdjsonDecoder } from './ndjson.ts';

const RECONNECT_MS = 100;
/** What is longer is no message: a table with thousands of sites has a few megabytes. */
const LINE_MAX = 64 * 1024 * 1024;

export interface NdjsonClientUser<Incoming> {
  /** Connected, for the first time or again: say what is true. */
  onConnect(): void;
  /** What it throws comes back as an error. */
  onMessage(message: Incoming): void;
  onError(error: unknown): void;
}

/** Messages are taken for what their types say: for peers that are trusted. */
export class NdjsonClient<Outgoing, Incoming> {
  readonly #path: string;
  readonly #user: NdjsonClientUser<Incoming>;
  #socket: net.Socket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param path of the socket */
  constructor(path: string, user: NdjsonClientUser<Incoming>) {
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
        if ('problem' in decoded) this.#user.onError(new Error(`Cannot read a message: ${decoded.problem}`));
        else this.#receive(decoded.value as Incoming);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      if (!this.#closed) this.#retry = setTimeout(() => this.open(), RECONNECT_MS);
    });
  }

  get isOpen(): boolean {
    return this.#socket?.writable === true;
  }

  /** While nobody is there the message is dropped: `onConnect` repeats what is still true. */
  send(message: Outgoing): void {
    this.#socket?.write(encodeNdjson(message));
  }

  /** Everything sent is with the kernel, or nobody is there. */
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

  #receive(message: Incoming): void {
    try {
      this.#user.onMessage(message);
    } catch (error) {
      this.#user.onError(error);
    }
  }
}
