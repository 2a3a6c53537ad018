/** Syslog over TCP (RFC 6587, octet counting). Nothing is confirmed: what a broken connection may have swallowed is sent again. */
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import type { LogLine } from '../log-line.ts';
import type { Sender } from './line.ts';
import { countedMessage } from './syslog.ts';

const TIMEOUT_MS = 10_000;

export class TcpSender implements Sender {
  readonly settleMs = 5000;
  readonly #host: string;
  readonly #port: number;
  readonly #onBroken: () => void;
  #socket: Socket | undefined;

  /** @param onBroken the connection has ended, and with it may be what was sent last */
  constructor(host: string, port: number, onBroken: () => void) {
    this.#host = host;
    this.#port = port;
    this.#onBroken = onBroken;
  }

  async send(lines: readonly LogLine[]): Promise<number> {
    const socket = this.#socket ?? (await this.#connect());
    const text = lines.map((line) => countedMessage(line, hostname())).join('');
    await new Promise<void>((resolve, reject) => {
      // In vain when the other side reads nothing for a while.
      const timer = setTimeout(() => socket.destroy(), TIMEOUT_MS);
      socket.write(text, (error) => {
        clearTimeout(timer);
        if (error || socket.destroyed) reject(error ?? new Error('the connection has ended'));
        else resolve();
      });
    });
    return 0;
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.end();
    socket?.unref();
  }

  #connect(): Promise<Socket> {
    const socket = connect(this.#port, this.#host);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error('it does not answer')), TIMEOUT_MS);
      let failure: Error | undefined;
      socket.on('error', (error) => {
        failure = error;
      });
      socket.once('connect', () => {
        clearTimeout(timer);
        this.#socket = socket;
        // What it says would otherwise fill up, and its end not be seen.
        socket.resume();
        resolve(socket);
      });
      socket.once('end', () => socket.destroy());
      socket.once('close', () => {
        clearTimeout(timer);
        if (this.#socket === socket) {
          this.#socket = undefined;
          this.#onBroken();
        }
        reject(failure ?? new Error('the connection has ended'));
      });
    });
  }
}
