/** An open WebSocket: bytes both ways, with the frames followed so that it can be closed properly in between. */
import { closeFrame, FrameTracker } from './frames.ts';
import type { Sweepable, Sweeper } from './sweeper.ts';
import type { ByteChannel, WireUser } from './wire.ts';

/** "Service Restart": the client may connect again. */
const TO_CLIENT = 1012;
/** "Going Away". */
const TO_APP = 1001;
/** From our Close frame to the end, if the other side does not answer it. */
const GOODBYE_MS = 1_000;
/** One side has ended: the time that the other has. */
const HALF_OPEN_MS = 10_000;
const EMPTY = Buffer.alloc(0);

export class Tunnel implements Sweepable {
  deadline = 0;
  readonly #sweeper: Sweeper;
  readonly #client: Side;
  readonly #app: Side;
  readonly #onDone: () => void;

  /** Takes both wires over; `onDone` is called once, when nothing of it is left. */
  constructor(client: ByteChannel, app: ByteChannel, sweeper: Sweeper, onDone: () => void) {
    this.#sweeper = sweeper;
    this.#onDone = onDone;
    this.#client = new Side(this, client, TO_APP, true);
    this.#app = new Side(this, app, TO_CLIENT, false);
    this.#client.peer = this.#app;
    this.#app.peer = this.#client;
    client.user = this.#client;
    app.user = this.#app;
  }

  /** Lets bytes come, once what had come already has been handed over. */
  begin(): void {
    this.#client.wire.watch();
    this.#client.wire.resume();
    this.#app.wire.resume();
  }

  fromApp(buffer: Buffer, start: number, end: number): void {
    this.#app.onBytes(buffer, start, end);
  }

  fromClient(buffer: Buffer, start: number, end: number): void {
    this.#client.onBytes(buffer, start, end);
  }

  /** Says goodbye to both, each between two frames: 1012 to the client, 1001 to the app. */
  close(): void {
    this.#within(GOODBYE_MS);
    this.#app.closeBehind();
    this.#client.closeBehind();
  }

  /** The client has answered our Close frame, or has left. */
  settled(): void {
    this.#client.wire.end();
    this.#app.wire.end();
  }

  halfOpen(): void {
    if (this.deadline === 0) this.#within(HALF_OPEN_MS);
  }

  expire(): void {
    this.#client.wire.destroy();
    this.#app.wire.destroy();
  }

  /** The other one gets what was written for it, and then its end. */
  sideClosed(peer: Side): void {
    if (!peer.closed) {
      peer.wire.end();
      peer.wire.resume();
      this.halfOpen();
      return;
    }
    this.#sweeper.remove(this);
    this.#onDone();
  }

  #within(ms: number): void {
    this.deadline = this.#sweeper.now + ms;
    this.#sweeper.add(this);
  }
}

/** One of the two wires, and the frames that come from it. */
class Side implements WireUser {
  readonly wire: ByteChannel;
  peer: Side | undefined;
  closed = false;
  readonly #tunnel: Tunnel;
  readonly #frames = new FrameTracker();
  readonly #closeCode: number;
  readonly #fromClient: boolean;
  #closing = false;
  /** Our Close frame has gone to the peer: nothing may follow it. */
  #sealed = false;

  constructor(tunnel: Tunnel, wire: ByteChannel, closeCode: number, fromClient: boolean) {
    this.#tunnel = tunnel;
    this.wire = wire;
    this.#closeCode = closeCode;
    this.#fromClient = fromClient;
  }

  onBytes(buffer: Buffer, start: number, end: number): void {
    const peer = this.peer as Side;
    if (peer.closed) return;
    if (!this.#sealed) {
      const reached = this.#frames.feed(buffer, start, end, this.#closing);
      peer.wire.send('', buffer, start, reached, '');
      if (this.#closing && this.#frames.atBoundary) this.#seal(peer);
      else if (peer.wire.congested) this.wire.pause();
      start = reached;
    }
    if (!this.#sealed) return;
    this.#frames.feed(buffer, start, end);
    if (this.#fromClient && this.#frames.closed) this.#tunnel.settled();
  }

  /** Puts our own Close frame behind the frame that is on its way to the peer. */
  closeBehind(): void {
    this.#closing = true;
    if (this.#frames.atBoundary) this.#seal(this.peer as Side);
  }

  #seal(peer: Side): void {
    if (this.#sealed) return;
    this.#sealed = true;
    this.wire.resume();
    if (!this.#frames.closed) peer.wire.send(closeFrame(this.#closeCode, this.#fromClient), EMPTY, 0, 0, '');
  }

  onDrain(): void {
    this.peer?.wire.resume();
  }

  onEnd(): void {
    if (this.#closing) {
      this.#tunnel.settled();
      return;
    }
    this.peer?.wire.end();
    this.#tunnel.halfOpen();
  }

  onConnect(): void {}

  onClose(): void {
    this.closed = true;
    this.#tunnel.sideClosed(this.peer as Side);
  }
}
