import type { IncomingMessage } from 'node:http';

export interface Visitor {
  readonly ip: string;
  readonly protocol: 'http' | 'https';
}

/** The client, not the proxy: under Holdfast the socket says so itself. */
export function visitorOf({ socket }: IncomingMessage): Visitor {
  const secure = 'encrypted' in socket && socket.encrypted === true;
  return { ip: socket.remoteAddress ?? 'unknown', protocol: secure ? 'https' : 'http' };
}
