/** Syslog over UDP (RFC 5426). Nothing confirms that a datagram has arrived; that nobody listens at all is told on this machine only. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '../log-line.ts';
import type { Sender } from './line.ts';
import { syslogMessage } from './syslog.ts';

/** Longer ones are cut. Receivers shall take 2 KB (section 3.2), rsyslog takes 8. */
const MOST_BYTES = 8192;
/** A burst would overflow the receiver's buffer. */
const BURST = 32;
const ANSWER_MS = 10;

export class UdpSender implements Sender {
  readonly settleMs = 0;
  readonly #host: string;
  readonly #port: number;
  #socket: Promise<Socket> | undefined;
  #error: Error | undefined;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  async send(lines: readonly LogLine[]): Promise<number> {
    this.#socket ??= this.#connect();
    try {
      const socket = await this.#socket;
      for (const [index, line] of lines.entries()) {
        await sendOne(socket, cut(Buffer.from(syslogMessage(line, hostname()))));
        if (index % BURST === BURST - 1) await nextTurn();
      }
      // The answer that nobody listens comes a little later; and this gives the receiver time.
      await sleep(ANSWER_MS);
      if (this.#error) throw this.#error;
      return 0;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#error = undefined;
    this.#socket?.then((socket) => socket.close()).catch(() => undefined);
    this.#socket = undefined;
  }

  /** Connected, so that the system tells when nobody listens (ICMP). */
  #connect(): Promise<Socket> {
    const socket = createSocket(isIPv6(this.#host) ? 'udp6' : 'udp4');
    socket.unref();
    return new Promise((resolve, reject) => {
      socket.on('error', (error) => {
        this.#error = error;
        reject(error);
      });
      socket.connect(this.#port, this.#host, () => resolve(socket));
    });
  }
}

function sendOne(socket: Socket, message: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, (error) => (error ? reject(error) : resolve()));
  });
}

/** Not within a character. */
function cut(message: Buffer): Buffer {
  if (message.length <= MOST_BYTES) return message;
  let end = MOST_BYTES;
  while (((message[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return message.subarray(0, end);
}
