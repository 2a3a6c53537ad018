/** Who is on the other side of a connection, as apps are told. */
import { type Client, Forwarder, type Trust } from './forwarded.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { Wire } from './wire.ts';

export class PeerOfWire {
  readonly #wire: Wire;
  readonly #ip: string;
  #forwarder: Forwarder | undefined;

  constructor(wire: Wire, ip: string) {
    this.#wire = wire;
    this.#ip = ip;
  }

  /** The client of this request. */
  client(head: RequestHead, trust: Trust): Client {
    if (!this.#forwarder?.follows(trust)) {
      const { remotePort: port, localPort, localIp, secured } = this.#wire;
      const scheme = secured ? 'https' : 'http';
      const { certificateLines = '' } = secured ?? {};
      const peer = { ip: this.#ip, port, scheme, localPort, localIp, certificateLines } as const;
      this.#forwarder = new Forwarder(peer, trust);
    }
    return this.#forwarder.describe(head);
  }
}
