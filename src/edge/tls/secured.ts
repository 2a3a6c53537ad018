import type net from 'node:net';
import type { TLSSocket } from 'node:tls';

/** A connection whose handshake is done, and what is known of it since. */
export interface Secured {
  readonly socket: TLSSocket;
  /** The TCP connection below. */
  readonly below: net.Socket;
  /** The host of the site whose certificate was shown. */
  readonly site: string;
  /** The client was asked for a certificate of its own. */
  readonly asks: boolean;
  /** It has shown one, and that is in order. */
  readonly verified: boolean;
  /** Field lines that tell the app of that certificate; empty without. */
  readonly certificateLines: string;
}
