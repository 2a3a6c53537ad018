/** The body of a request on its way to an app: kept as long as it may have to be sent, or sent again. */
const EMPTY = Buffer.alloc(0);

export class KeptBody {
  /** The whole request has been read from the client. */
  done: boolean;
  /** Some of it has gone to an app. */
  sent = false;
  #kept: Buffer | undefined;

  constructor(done: boolean) {
    this.done = done;
  }

  /** Some of it is gone for good: the request cannot be sent again. */
  get lost(): boolean {
    return this.sent && this.#kept === undefined;
  }

  keep(buffer: Buffer, from: number, to: number): void {
    const piece = Buffer.from(buffer.subarray(from, to));
    this.#kept = this.#kept ? Buffer.concat([this.#kept, piece]) : piece;
  }

  /** All that is there of it, to be sent now. It is kept only if nothing follows: of a body that goes on nothing can be repeated. */
  take(): Buffer {
    const bytes = this.#kept ?? EMPTY;
    if (!this.done) this.#kept = undefined;
    if (bytes.length > 0) this.sent = true;
    return bytes;
  }

  /** It will not be sent again. */
  drop(): void {
    this.#kept = undefined;
  }
}
