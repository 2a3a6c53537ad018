/** The body of an answer as it goes by, as long as it may be kept. */

export interface RecordingUser {
  /** Whether so many bytes more may be held in memory; they count from now on. */
  take(bytes: number): boolean;
  /** It holds nothing any more of so many bytes. */
  over(bytes: number): void;
}

export class Recording {
  readonly key: string;
  bytes = 0;
  readonly #most: number;
  readonly #user: RecordingUser;
  #pieces: Buffer[] = [];
  #dropped = false;

  constructor(key: string, most: number, user: RecordingUser) {
    this.key = key;
    this.#most = most;
    this.#user = user;
  }

  /** It is not to be kept. */
  get dropped(): boolean {
    return this.#dropped;
  }

  add(buffer: Buffer, from: number, to: number): void {
    const size = to - from;
    if (this.#dropped || size === 0) return;
    if (this.bytes + size > this.#most || !this.#user.take(size)) {
      this.drop();
      return;
    }
    this.#pieces.push(exactly(size, [buffer.subarray(from, to)]));
    this.bytes += size;
  }

  drop(): void {
    const held = this.bytes;
    this.#dropped = true;
    this.#pieces = [];
    this.bytes = 0;
    this.#user.over(held);
  }

  /** All of it; it is over then. */
  take(): Buffer {
    const [first] = this.#pieces;
    const whole = this.#pieces.length === 1 && first ? first : exactly(this.bytes, this.#pieces);
    this.drop();
    return whole;
  }
}

/** In memory of its own: a part of a larger buffer would keep all of that alive. */
function exactly(size: number, pieces: readonly Buffer[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const piece of pieces) at += piece.copy(whole, at);
  return whole;
}
