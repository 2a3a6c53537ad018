/**
 * A socket as the edge uses it: bytes come as calls, out of one buffer that all sockets share, and go out as one write
 * for a head and its body. It leaves out the machinery of streams between the kernel and us, which is a third of what
 * a proxied request costs in a plain `socket.on('data')` proxy.
 */
import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Channel } from './client-side.ts';
import type { Dialer } from './dialer.ts';
import { type Ends, endsOf, toldEnds } from './proxy-protocol/ends.ts';
import { readInto } from './tls/read-into.ts';
import type { Secured } from './tls/secured.ts';
import { writeBuffer } from './write-buffers.ts';

export interface WireUser {
  /** `buffer[start, end)` may be read and overwritten during the call, and belongs to somebody else afterwards. */
  onBytes(buffer: Buffer, start: number, end: number): void;
  /** The other side will send nothing more. */
  onEnd(): void;
  /** After `congested` was true: everything has been handed to the kernel. */
  onDrain(): void;
  onConnect(): void;
  /** Once, at the very end. */
  onClose(error: NodeJS.ErrnoException | undefined): void;
}

/** A way for bytes in both directions that can be handed from one user to another: a socket, or a stream of one. */
export interface ByteChannel {
  user: WireUser;
  readonly congested: boolean;
  send(before: string, buffer: Buffer, start: number, end: number, after: string): void;
  pause(): void;
  resume(): void;
  watch(): void;
  end(): void;
  destroy(): void;
}

/** Unwritten bytes above which the source has to wait. */
const CONGESTED_BYTES = 64 * 1024;
/** Up to this size a message is one string: libuv writes those from the stack. */
const STRING_MAX = 8 * 1024;
const READ_BYTES = 64 * 1024;
/** Idle time after which a silent connection is probed. */
const WATCH_MS = 60_000;

const shared = Buffer.allocUnsafeSlow(READ_BYTES);

let reporter: (error: unknown) => void = (error) => {
  throw error;
};

export function reportTo(handler: (error: unknown) => void): void {
  reporter = handler;
}

/** For what the user of a connection throws: a bug, which costs this one connection and not the process. */
export function report(error: unknown): void {
  reporter(error);
}

/** What `net` keeps in a socket and does not declare. */
interface Handled {
  _handle: object | null;
}

/** A connection of a client: as it came, or after its handshake. */
export type Accepted = net.Socket | Secured;

type HandleOptions = net.SocketConstructorOpts & { handle: object; onread: net.OnReadOpts };

export class Wire implements ByteChannel, Channel {
  user: WireUser;
  /** What is known of the other side since the handshake; undefined without TLS. */
  readonly secured: Secured | undefined;
  readonly #socket: net.Socket;
  #ends: Ends | undefined;
  #error: NodeJS.ErrnoException | undefined;
  #ended = false;
  #paused = false;

  private constructor(socket: net.Socket, user: WireUser, secured?: Secured) {
    this.user = user;
    this.secured = secured;
    this.#socket = socket;
    socket.on('end', () => this.#call(() => this.user.onEnd()));
    socket.on('drain', () => this.#call(() => this.user.onDrain()));
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.#call(() => this.user.onClose(this.#error)));
  }

  /**
   * Takes a connection that a server with `pauseOnConnect` accepted. The handle moves into a socket of our own, because
   * servers cannot be told to read into a given buffer; where that is not possible, reading goes the ordinary way.
   */
  static accept(accepted: Accepted, user: WireUser): Wire {
    if ('below' in accepted) return Wire.#secure(accepted, user);
    const handle = (accepted as unknown as Handled)._handle;
    if (!handle) return Wire.over(accepted, user);
    const ends = toldEnds(accepted);
    // Behind what somebody has read already, and put back.
    const early = accepted.readableLength > 0 ? (accepted.read() as Buffer) : undefined;
    (accepted as unknown as Handled)._handle = null;
    let wire: Wire | undefined;
    const options: HandleOptions = {
      handle,
      allowHalfOpen: true,
      readable: true,
      writable: true,
      onread: {
        buffer: shared,
        callback: (size, buffer) => (wire ? wire.#read(buffer as Buffer, size) : false),
      },
    };
    const socket = new net.Socket(options);
    wire = new Wire(socket, user);
    wire.#ends = ends;
    // An empty shell now.
    accepted.destroy();
    socket.setNoDelay(true);
    if (early) wire.#early(early);
    socket.resume();
    return wire;
  }

  /** Hands over what had come before, as soon as the user knows its wire. */
  #early(bytes: Buffer): void {
    process.nextTick(() => {
      if (!this.#socket.destroyed) this.#read(bytes, bytes.length);
    });
  }

  static #secure(secured: Secured, user: WireUser): Wire {
    const { socket } = secured;
    const wire = new Wire(socket, user, secured);
    wire.#ends = toldEnds(secured.below);
    wire.#readFrom(socket);
    socket.setNoDelay(true);
    socket.resume();
    return wire;
  }

  #readFrom(socket: TLSSocket): void {
    if (readInto(socket, shared, (size) => this.#read(shared, size))) return;
    socket.on('data', (chunk: Buffer) => this.#read(chunk, chunk.length));
  }

  /** Uses a socket that reads in the ordinary way. */
  static over(socket: net.Socket, user: WireUser): Wire {
    const wire = new Wire(socket, user);
    socket.on('data', (chunk: Buffer) => wire.#read(chunk, chunk.length));
    socket.setNoDelay(true);
    socket.resume();
    return wire;
  }

  /**
   * Begins to connect; `onConnect` or `onClose` follows.
   * @param preface latin1 that goes first, before TLS
   */
  static connect(dialer: Dialer, preface: string, user: WireUser): Wire {
    let wire: Wire | undefined;
    const socket = dialer.dial(preface, {
      buffer: shared,
      callback: (size, buffer) => (wire ? wire.#read(buffer as Buffer, size) : false),
    });
    const made = new Wire(socket, user);
    wire = made;
    if (dialer.isSecure) made.#readFrom(socket as TLSSocket);
    socket.once(dialer.readyEvent, () => made.#call(() => made.user.onConnect()));
    return made;
  }

  get #from(): Ends {
    this.#ends ??= endsOf(this.#socket);
    return this.#ends;
  }

  get remotePort(): number {
    return this.#from.port;
  }

  get localPort(): number {
    return this.#from.localPort;
  }

  get localIp(): string {
    return this.#from.localIp;
  }

  /** Bytes that the kernel has not taken yet. */
  get unwritten(): number {
    return this.#socket.writableLength;
  }

  /** Has the kernel look now and then whether the other side is still there: for connections that may be silent. */
  watch(): void {
    this.#socket.setKeepAlive(true, WATCH_MS);
  }

  /** More waits to be written than is good: stop its source until `onDrain`. */
  get congested(): boolean {
    return this.#socket.writableLength > CONGESTED_BYTES;
  }

  /** Writes text, then bytes of a buffer, then text again, as one piece; the buffer is free again after the call. */
  send(before: string, buffer: Buffer, start: number, end: number, after: string): void {
    if (this.#ended) return;
    const size = before.length + (end - start) + after.length;
    if (size <= STRING_MAX) {
      this.#socket.write(
        end > start ? before + buffer.toString('latin1', start, end) + after : before + after,
        'latin1',
      );
      return;
    }
    const { bytes, release } = writeBuffer(size);
    let at = bytes.write(before, 0, 'latin1');
    at += buffer.copy(bytes, at, start, end);
    bytes.write(after, at, 'latin1');
    this.#socket.write(bytes.subarray(0, size), release);
  }

  text(text: string): void {
    if (!this.#ended) this.#socket.write(text, 'latin1');
  }

  /** Lets the other side wait. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    // Not for nothing: it costs a turn of the stream machinery.
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** Sends FIN after everything written; reading goes on. */
  end(): void {
    this.#ended = true;
    this.#socket.end();
  }

  destroy(): void {
    this.#ended = true;
    // Clients of TLS take an end without a goodbye for an attack; where nothing waits to be written, one goes out at once.
    if (this.secured && this.#socket.writableLength === 0) this.#socket.destroySoon();
    else this.#socket.destroy();
  }

  /** Ends with RST, so that the other side cannot take what it got for all there is. */
  reset(): void {
    this.#ended = true;
    if (this.secured) {
      this.secured.below.resetAndDestroy();
      this.#socket.destroy();
      return;
    }
    try {
      this.#socket.resetAndDestroy();
    } catch {
      // Unix sockets know no RST.
      this.#socket.destroy();
    }
  }

  #read(buffer: Buffer, size: number): boolean {
    try {
      this.user.onBytes(buffer, 0, size);
    } catch (error) {
      this.#fail(error);
    }
    return true;
  }

  /** Runs what others than the socket have called, such as a disk: a bug costs this connection and no more. */
  guard(action: () => void): void {
    this.#call(action);
  }

  #call(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.destroy();
    report(error);
  }
}
