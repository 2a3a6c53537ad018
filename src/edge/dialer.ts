/** How connections to one target begin: where, with a PROXY header or without, with TLS or without. */
import net, { isIP, type LookupFunction } from 'node:net';
import tls from 'node:tls';
import type { EdgeTarget } from '../protocol/edge-table.ts';

export type TargetProtocol = 'http/1.1' | 'h2';

type Verified = NonNullable<EdgeTarget['tls']>;

/** What `net.connect` can do and its declaration leaves out. */
type Options = net.NetConnectOpts & { noDelay: boolean; onread?: net.OnReadOpts };

export class Dialer {
  readonly #plan: EdgeTarget;
  readonly #protocol: TargetProtocol;
  /** Of the system, unless a test has its own. */
  readonly #lookup: LookupFunction | undefined;
  #context: tls.SecureContext | undefined;
  /** Of the last connection whose server was who it should be. */
  #session: Buffer | undefined;

  /** @param protocol that is offered in the handshake, if there is one */
  constructor(plan: EdgeTarget, protocol: TargetProtocol, lookup?: LookupFunction) {
    this.#plan = plan;
    this.#protocol = protocol;
    this.#lookup = lookup;
  }

  /** The event of a socket that says that it can be used: with TLS only when it is known who the other side is. */
  get readyEvent(): 'secureConnect' | 'connect' {
    return this.#plan.tls ? 'secureConnect' : 'connect';
  }

  get isSecure(): boolean {
    return this.#plan.tls !== undefined;
  }

  /**
   * Begins to connect; where a name has several addresses, to the next one when one does not answer.
   * @param preface latin1 that goes first, before TLS
   * @param onread for the bytes of a socket without TLS
   */
  dial(preface: string, onread?: net.OnReadOpts): net.Socket {
    const { tls: secure, address } = this.#plan;
    // In HTTP/1.1 the end of what the app sends may be the end of its answer; in HTTP/2 nothing can be said any more.
    const allowHalfOpen = this.#protocol === 'http/1.1';
    const options: Options = { ...address, allowHalfOpen, noDelay: true };
    if (this.#lookup && 'host' in options) options.lookup = this.#lookup;
    if (secure) return this.#secure(options, preface, secure);
    if (onread) options.onread = onread;
    const socket = net.connect(options);
    if (preface !== '') socket.write(preface, 'latin1');
    return socket;
  }

  #secure(options: Options, preface: string, { serverName, ca }: Verified): tls.TLSSocket {
    this.#context ??= contextWith(ca);
    const socket = tls.connect({
      ...(preface === '' ? options : { socket: begun(options, preface) }),
      secureContext: this.#context,
      // Said, because NODE_TLS_REJECT_UNAUTHORIZED=0 of a shell is not meant for this.
      rejectUnauthorized: true,
      // RFC 6066 section 3: an address is no name.
      ...(isIP(serverName) === 0 && { servername: serverName }),
      checkServerIdentity: (_, certificate) => tls.checkServerIdentity(serverName, certificate),
      ALPNProtocols: [this.#protocol],
      ...(this.#session && { session: this.#session }),
    });
    let session: Buffer | undefined;
    socket.on('session', (made: Buffer) => {
      session = made;
      if (socket.authorized) this.#session = made;
    });
    socket.on('secureConnect', () => {
      this.#session = session ?? this.#session;
    });
    return socket;
  }
}

/** A connection with something on it that comes before TLS. */
function begun(options: Options, preface: string): net.Socket {
  // A TLS socket over another one cannot follow that to the next address.
  const socket = net.connect({ ...options, autoSelectFamily: false } as Options);
  socket.write(preface, 'latin1');
  return socket;
}

/** Trusts what Node trusts, and these certificates (PEM). */
function contextWith(ca: string | undefined): tls.SecureContext {
  const options = { minVersion: 'TLSv1.2' } as const;
  const context = tls.createSecureContext(options);
  if (ca === undefined) return context;
  // What Node itself calls for each of `ca`: with the documented setting all public authorities would be read anew, which takes
  // 100 ms in which nobody is served.
  const { context: inner } = context as { context?: { addCACert?: (pem: string) => void } };
  if (!inner?.addCACert) return tls.createSecureContext({ ...options, ca: [...tls.rootCertificates, ca] });
  inner.addCACert(ca);
  return context;
}
