/** Everybody whose handshake is under way, from the door to the connection. */
import type net from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { EdgeTls } from '../../protocol/edge-table.ts';
import type { Sweeper } from '../sweeper.ts';
import { certificateLines } from './client-certificate.ts';
import { Handshake, type HandshakeUser } from './handshake.ts';
import { Rejections } from './rejections.ts';
import type { Secured } from './secured.ts';
import { type TlsSite, TlsSites, type TlsSiteUser } from './sites.ts';

export interface GreeterUser {
  readonly sweeper: Sweeper;
  secured(secured: Secured, ip: string): void;
  /** A handshake has ended without a connection. */
  lost(ip: string): void;
  failed(error: unknown): void;
}

/** What `tls` keeps in a socket and does not declare: the one that it was made over. */
interface Layered {
  readonly _parent?: net.Socket;
}

export class Greeter implements HandshakeUser, TlsSiteUser {
  readonly sites: TlsSites;
  readonly rejections = new Rejections();
  /** Since the start. */
  handshakes = 0;
  refusals = 0;
  readonly #user: GreeterUser;
  readonly #open = new Map<net.Socket, Handshake>();

  constructor(user: GreeterUser) {
    this.#user = user;
    this.sites = new TlsSites(this, (error) => user.failed(error));
  }

  get size(): number {
    return this.#open.size;
  }

  /** @param http2 offer it, before HTTP/1.1 */
  apply(tls: EdgeTls, http2: boolean): void {
    this.rejections.forget();
    this.sites.apply(tls, http2);
  }

  /** @param deadline by when the handshake must be done */
  greet(socket: net.Socket, ip: string, deadline: number): void {
    const handshake = new Handshake(socket, ip, deadline, this);
    this.#open.set(socket, handshake);
    this.#user.sweeper.add(handshake);
  }

  /** Whoever has not come further until then is cut off. */
  hurry(deadline: number): void {
    for (const handshake of this.#open.values()) {
      if (handshake.deadline > deadline) handshake.deadline = deadline;
    }
  }

  secured(socket: TLSSocket, site: TlsSite): void {
    const below = (socket as unknown as Layered)._parent;
    const handshake = below && this.#open.get(below);
    if (!below || !handshake) {
      socket.destroy();
      return;
    }
    this.handshakes++;
    this.#forget(handshake);
    handshake.succeeded();
    this.rejections.succeeded(site.host);
    const lines = site.asks && socket.authorized ? certificateLines(socket) : '';
    const { host, asks } = site;
    const verified = lines !== '';
    this.#user.secured({ socket, below, site: host, asks, verified, certificateLines: lines }, handshake.ip);
  }

  /** Scanners, clients that do not trust the certificate, connections that break are only counted, see `Rejections`. */
  refused(socket: TLSSocket, site: TlsSite, error: Error): void {
    this.rejections.failed(site.host, error);
    socket.destroy();
  }

  failed(handshake: Handshake): void {
    this.refusals++;
    this.#forget(handshake);
    this.#user.lost(handshake.ip);
  }

  #forget(handshake: Handshake): void {
    this.#open.delete(handshake.socket);
    this.#user.sweeper.remove(handshake);
  }
}
