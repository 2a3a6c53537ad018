/**
 * Reads one named pipe without ever waiting for it, and leaves in it what nobody is ready for: what is in the pipe
 * survives this process, what is in its memory does not. Therefore it reads on readiness, but after a small read
 * rests a few milliseconds, so that a talkative app costs few wake-ups and its lines are mostly in the kernel's hands.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { isSystemError } from '../errors.ts';
import type { Clock } from '../kit/clock.ts';
import { Pace } from './pace.ts';

/** Takes a chunk, valid only during the call; false = no more until `resume`. */
export type ChunkSink = (chunk: Buffer) => boolean;

/** Without writers, a pipe holds less than this many reads (1 MB at most); with a tireless one, this ends the loop. */
const READS_AT_ONCE = 32;

/** Shared by all readers: a chunk is used up before the next read. As large as a pipe is on Linux. */
const buffer = Buffer.allocUnsafe(64 * 1024);

export class PipeReader {
  readonly #path: string;
  readonly #sink: ChunkSink;
  readonly #onEnd: (finished: boolean) => void;
  readonly #clock: Clock;
  readonly #pace = new Pace();
  #fd = -1;
  #socket: Socket | undefined;
  #cancelRest: (() => void) | undefined;
  #waiting = false;
  #ended = false;

  /** @param onEnd called once; finished: no writer is left, else the pipe was closed with the app alive */
  constructor(path: string, sink: ChunkSink, onEnd: (finished: boolean) => void, clock: Clock) {
    this.#path = path;
    this.#sink = sink;
    this.#onEnd = onEnd;
    this.#clock = clock;
  }

  /**
   * Opens the pipe. With no writer left (an adopted app that is gone) it reads what is there and has ended; so for a new
   * app, the child's ends must be open before.
   */
  open(): void {
    this.#fd = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (this.#readNow() === 'ended') {
      closeSync(this.#fd);
      this.#end(true);
      return;
    }
    const options: SocketConstructorOpts & { onread: OnReadOpts } = {
      fd: this.#fd,
      readable: true,
      writable: false,
      onread: { buffer, callback: (length) => this.#onRead(length) },
    };
    const socket = new Socket(options);
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.once('close', () => this.#end(true));
    if (!this.#waiting) socket.resume();
  }

  /** After the sink said false. */
  resume(): void {
    this.#waiting = false;
    if (!this.#cancelRest) this.#socket?.resume();
  }

  /** Reads what is in the pipe now, and closes it. */
  close(): void {
    if (this.#ended) return;
    const finished = this.#socket !== undefined && this.#readNow() === 'ended';
    this.#socket?.destroy();
    this.#end(finished);
  }

  #onRead(length: number): boolean {
    if (this.#ended) return false;
    if (!this.#sink(buffer.subarray(0, length))) {
      this.#waiting = true;
      return false;
    }
    const rest = this.#pace.after(length);
    if (rest === 0) return true;
    this.#cancelRest = this.#clock.after(rest, () => {
      this.#cancelRest = undefined;
      if (!this.#waiting) this.#socket?.resume();
    });
    return false;
  }

  #readNow(): 'ended' | 'open' {
    for (let n = 0; n < READS_AT_ONCE; n++) {
      let length: number;
      try {
        length = readSync(this.#fd, buffer);
      } catch (error) {
        if (isSystemError(error) && error.code === 'EAGAIN') return 'open';
        throw error;
      }
      if (length === 0) return 'ended';
      if (!this.#sink(buffer.subarray(0, length))) this.#waiting = true;
    }
    return 'open';
  }

  #end(finished: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelRest?.();
    this.#onEnd(finished);
  }
}
