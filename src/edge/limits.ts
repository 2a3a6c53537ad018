/** Connections per client, and those that are turned away. */
import type net from 'node:net';
import { networkOf } from './network.ts';

/** How many there are of each client; see networkOf. */
export class ConnectionCounts {
  readonly #counts = new Map<string, number>();

  /** Counts one more, unless the client has `most` already. */
  admit(ip: string, most: number): boolean {
    const client = networkOf(ip);
    const count = this.#counts.get(client) ?? 0;
    if (count >= most) return false;
    this.#counts.set(client, count + 1);
    return true;
  }

  leave(ip: string): void {
    const client = networkOf(ip);
    const count = (this.#counts.get(client) ?? 0) - 1;
    if (count > 0) this.#counts.set(client, count);
    else this.#counts.delete(client);
  }
}

/** Of those who are turned away, so many a second are told why, and written down; in a flood that would be the flood's work. */
const TOLD_PER_SECOND = 20;

export class Refusals {
  #since = 0;
  #told = 0;
  #untold = 0;

  /** Whether this one is told. */
  take(now: number): boolean {
    if (now - this.#since >= 1_000) {
      this.#since = now;
      this.#told = 0;
    }
    if (this.#told < TOLD_PER_SECOND) {
      this.#told++;
      return true;
    }
    this.#untold++;
    return false;
  }

  /** How many were not told since this was asked last. */
  takeUntold(): number {
    const count = this.#untold;
    this.#untold = 0;
    return count;
  }
}

const BUSY = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** Ends a connection that has just come. `told`: with an answer in plain HTTP. */
export function turnAway(socket: net.Socket, told: boolean): void {
  socket.on('error', () => {});
  if (told) {
    socket.end(BUSY);
    socket.destroySoon();
    return;
  }
  try {
    // Leaves nothing behind in the kernel, unlike an orderly end.
    socket.resetAndDestroy();
  } catch {
    // Unix sockets know no RST.
    socket.destroy();
  }
}
