/** Compresses a stream as it comes, on a thread of its own, and lets out what there is when it pauses. */
import zlib from 'node:zlib';
import type { Coding } from './accept-encoding.ts';

/** A pause: what was written so far is to reach the client. */
const PAUSE_MS = 15;
/** What may wait to be compressed before its source has to wait. */
const WAITING_MAX = 64 * 1024;
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;

export interface EncoderUser {
  /** `done`: that was all. */
  onEncoded(bytes: Buffer, done: boolean): void;
  /** Nothing was written for a moment: what is known of the answer may go out. */
  onPause(): void;
  /** After `congested` was true: there is room again. */
  onRoom(): void;
  /** It cannot go on: there is no memory. */
  onFailed(): void;
}

type Stream = zlib.Gzip | zlib.BrotliCompress;

/** Node has zstd since 22.15. */
interface WithZstd {
  createZstdCompress?(options?: { params?: Record<number, number> }): Stream;
  readonly constants: { readonly ZSTD_e_flush?: number; readonly ZSTD_c_compressionLevel?: number };
}
const { createZstdCompress, constants } = zlib as unknown as WithZstd;

/** What can be made here; of those that a client likes equally, the first. */
export const codings: readonly Coding[] = createZstdCompress ? ['zstd', 'br', 'gzip'] : ['br', 'gzip'];

export class Encoder {
  readonly #user: EncoderUser;
  readonly #stream: Stream;
  readonly #flushKind: number;
  #timer: NodeJS.Timeout | undefined;
  #wasCongested = false;
  #over = false;

  constructor(coding: Coding, user: EncoderUser) {
    this.#user = user;
    const { stream, flush } = streamOf(coding);
    this.#stream = stream;
    this.#flushKind = flush;
    stream.on('data', (bytes: Buffer) => user.onEncoded(bytes, false));
    stream.on('drain', () => {
      this.#wasCongested = false;
      user.onRoom();
    });
    stream.on('end', () => {
      this.#over = true;
      user.onEncoded(Buffer.alloc(0), true);
    });
    stream.on('error', () => {
      if (this.#over) return;
      this.destroy();
      user.onFailed();
    });
  }

  write(buffer: Buffer, from: number, to: number, done: boolean): void {
    clearTimeout(this.#timer);
    if (this.#over) return;
    const bytes = Buffer.from(buffer.subarray(from, to));
    if (done) {
      this.#stream.end(bytes);
      return;
    }
    if (bytes.length > 0 && !this.#stream.write(bytes)) this.#wasCongested = true;
    this.#timer = setTimeout(() => this.#flush(), PAUSE_MS);
  }

  get congested(): boolean {
    return this.#wasCongested;
  }

  /** Lets nothing out for now. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#over) this.#stream.resume();
  }

  destroy(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#stream.destroy();
  }

  #flush(): void {
    this.#user.onPause();
    if (!this.#over) this.#stream.flush(this.#flushKind);
  }
}

/** Levels that a server can afford for each answer. */
function streamOf(coding: Coding): { readonly stream: Stream; readonly flush: number } {
  const room = { highWaterMark: WAITING_MAX };
  if (coding === 'br') {
    const params = { [BROTLI_PARAM_QUALITY]: 4, [BROTLI_PARAM_LGWIN]: 18 };
    return { stream: zlib.createBrotliCompress({ ...room, params }), flush: BROTLI_OPERATION_FLUSH };
  }
  if (coding === 'zstd' && createZstdCompress) {
    const params = { [constants.ZSTD_c_compressionLevel ?? 100]: 3 };
    return { stream: createZstdCompress({ ...room, params }), flush: constants.ZSTD_e_flush ?? 1 };
  }
  return { stream: zlib.createGzip({ ...room, level: 6 }), flush: Z_SYNC_FLUSH };
}
