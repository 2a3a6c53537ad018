/**
 * Connections that were made for a client who comes to fetch them on another one of its own. The guest needs this: a TLS socket
 * can be given a first write, but nothing can be read from it before its handshake.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';

const WAIT_MS = 10_000;

interface Waiting {
  readonly app: string;
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
}

export class Tickets {
  readonly #waiting = new Map<string, Waiting>();

  give(app: string, socket: Socket): string {
    const ticket = randomBytes(16).toString('hex');
    const timer = setTimeout(() => socket.destroy(), WAIT_MS);
    this.#waiting.set(ticket, { app, socket, timer });
    socket.once('close', () => this.#forget(ticket));
    return ticket;
  }

  /** undefined: nobody has it, or another app. It is good once. */
  take(app: string, ticket: string): Socket | undefined {
    const waiting = this.#waiting.get(ticket);
    if (waiting?.app !== app) return undefined;
    this.#forget(ticket);
    return waiting.socket;
  }

  #forget(ticket: string): void {
    clearTimeout(this.#waiting.get(ticket)?.timer);
    this.#waiting.delete(ticket);
  }
}
