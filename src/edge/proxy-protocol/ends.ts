/** Both ends of a client's connection, as whoever accepted it first saw them. */
import type net from 'node:net';
import { plainIp } from '../forwarded.ts';

export interface Ends {
  /** Of the client; empty for a unix socket. */
  readonly ip: string;
  readonly port: number;
  /** Where the client connected to. */
  readonly localIp: string;
  readonly localPort: number;
}

const told = new WeakMap<net.Socket, Ends>();

/** A PROXY header said so of this connection. */
export function tellEnds(socket: net.Socket, ends: Ends): void {
  told.set(socket, ends);
}

/** What a PROXY header has said, if there was one. */
export function toldEnds(socket: net.Socket): Ends | undefined {
  return told.get(socket);
}

/** Of the client. */
export function ipOf(socket: net.Socket): string {
  return told.get(socket)?.ip ?? plainIp(socket.remoteAddress ?? '');
}

export function endsOf(socket: net.Socket): Ends {
  return (
    told.get(socket) ?? {
      ip: plainIp(socket.remoteAddress ?? ''),
      port: socket.remotePort ?? 0,
      localIp: plainIp(socket.localAddress ?? ''),
      localPort: socket.localPort ?? 0,
    }
  );
}
