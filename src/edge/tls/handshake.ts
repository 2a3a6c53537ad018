/** A connection from its accept to the end of its TLS handshake. */
import type net from 'node:net';
import type { Sweepable } from '../sweeper.ts';
import { HELLO_MAX, readClientHello } from './client-hello.ts';
import type { TlsSites } from './sites.ts';

/** The alert `unrecognized_name` (RFC 6066 section 3), fatal, in a record of its own. */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 3, 3, 0, 2, 2, 112]);
/** The alert `decode_error` (RFC 8446 section 6.2). */
const DECODE_ERROR = Buffer.from([0x15, 3, 3, 0, 2, 2, 50]);
const PLAIN_TEXT = 'This port speaks HTTPS, and the request came as plain HTTP\n';
const PLAIN =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n' +
  `Content-Length: ${PLAIN_TEXT.length}\r\n\r\n${PLAIN_TEXT}`;

export interface HandshakeUser {
  readonly sites: TlsSites;
  /** It has ended without success. Once. */
  failed(handshake: Handshake): void;
}

export class Handshake implements Sweepable {
  deadline: number;
  readonly ip: string;
  readonly socket: net.Socket;
  readonly #user: HandshakeUser;
  #greeting: Buffer | undefined;
  #over = false;

  constructor(socket: net.Socket, ip: string, deadline: number, user: HandshakeUser) {
    this.socket = socket;
    this.ip = ip;
    this.deadline = deadline;
    this.#user = user;
    socket.on('data', this.#take);
    socket.on('error', ignore);
    socket.on('end', () => this.#fail());
    socket.on('close', () => this.#fail());
    socket.resume();
  }

  /** The rest is a connection's. */
  succeeded(): void {
    this.#over = true;
  }

  expire(): void {
    this.socket.destroy();
  }

  readonly #take = (chunk: Buffer): void => {
    const bytes = this.#greeting ? Buffer.concat([this.#greeting, chunk]) : chunk;
    const hello = bytes.length > HELLO_MAX ? 'malformed' : readClientHello(bytes);
    if (hello === 'more') this.#greeting = bytes;
    else if (hello === 'not-tls') this.#refuse(looksLikeHttp(bytes) ? PLAIN : DECODE_ERROR);
    else if (hello === 'malformed') this.#refuse(DECODE_ERROR);
    else {
      const site = this.#user.sites.find(hello.serverName, plainAddress(this.socket), hello.protocols);
      if (!site) {
        this.#refuse(UNRECOGNIZED_NAME);
        return;
      }
      this.#greeting = undefined;
      this.socket.off('data', this.#take);
      this.socket.pause();
      this.socket.unshift(bytes);
      site.greet(this.socket);
    }
  };

  #refuse(last: Buffer | string): void {
    this.socket.off('data', this.#take);
    this.socket.end(last);
    this.socket.destroySoon();
  }

  #fail(): void {
    if (this.#over) return;
    this.#over = true;
    this.#user.failed(this);
    this.socket.destroy();
  }
}

function ignore(): void {}

function looksLikeHttp(bytes: Buffer): boolean {
  return /^[A-Z]{3,10} /.test(bytes.toString('latin1', 0, 12));
}

function plainAddress({ localAddress = '' }: net.Socket): string {
  return localAddress.startsWith('::ffff:') ? localAddress.slice(7) : localAddress;
}
