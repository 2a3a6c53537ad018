/**
 * Captures what one instance writes: both pipes, stamped on reading, into the log of its app.
 *
 * When the daemon dies, what is in the pipes waits for the next one. Lost is what was read and not yet in the file: at
 * most one chunk, for the fraction of a millisecond between the two, and the beginning of a line whose end had not
 * come; the next daemon's record then begins in the middle of that line.
 */
import { type Clock, systemClock } from '../kit/clock.ts';
import { LastLines, type OutputLine } from './last-lines.ts';
import { PipeReader } from './pipe-reader.ts';
import type { PipePair } from './pipes.ts';
import type { Stream } from './record.ts';
import { RecordEncoder } from './record-encoder.ts';

/** Where records go; a LogWriter is one. */
export interface RecordSink {
  /** The records are valid only during the call. False: it is behind, wait for `onceReady`. */
  write(records: Buffer): boolean;
  onceReady(callback: () => void): void;
}

export interface CaptureOptions {
  readonly pipes: PipePair;
  /** Such as `web.0`: letters, digits, `@ . _ -`. */
  readonly instance: string;
  readonly sink: RecordSink;
  readonly clock?: Clock;
}

/** How long an app may pause within a line before the beginning is recorded as partial. */
const SILENCE_MS = 1000;
const CRASH_LINES = 200;

export class Capture {
  /** Both pipes have ended (nobody has them open for writing any more), or were closed; all of it was handed on. */
  readonly ended: Promise<void>;
  readonly #channels: readonly Channel[];
  readonly #last = new LastLines();

  constructor(options: CaptureOptions) {
    const clock = options.clock ?? systemClock;
    const streams: readonly Stream[] = ['out', 'err'];
    this.#channels = streams.map((stream) => new Channel(options, stream, this.#last, clock));
    this.ended = Promise.all(this.#channels.map((channel) => channel.ended)).then(() => undefined);
  }

  /**
   * Begins to read. For a new instance call it after `openForChild`, because a pipe without writers counts as ended; for
   * an adopted one at any time. Throws the system error when a pipe is gone (ENOENT).
   */
  open(): void {
    try {
      for (const channel of this.#channels) channel.open();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The newest lines, both streams in the order of reading, oldest first; at most 128 KB of them. */
  lastLines(max = CRASH_LINES): OutputLine[] {
    return this.#last.lines(max);
  }

  /** Takes what is in the pipes now and closes them. What the app writes later waits for the next capture. */
  close(): void {
    for (const channel of this.#channels) channel.close();
  }
}

/** One stream of the instance. */
class Channel {
  readonly ended: Promise<void>;
  readonly #reader: PipeReader;
  readonly #encoder: RecordEncoder;
  readonly #sink: RecordSink;
  readonly #last: LastLines;
  readonly #clock: Clock;
  #lastReadAt = 0;
  #cancelSilence: (() => void) | undefined;

  constructor(options: CaptureOptions, stream: Stream, last: LastLines, clock: Clock) {
    this.#encoder = new RecordEncoder(options.instance, stream);
    this.#sink = options.sink;
    this.#last = last;
    this.#clock = clock;
    let end: () => void = () => undefined;
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#reader = new PipeReader(
      options.pipes[stream],
      (chunk) => this.#take(chunk),
      (finished) => {
        this.#finish(finished);
        end();
      },
      clock,
    );
  }

  open(): void {
    this.#reader.open();
  }

  close(): void {
    this.#reader.close();
  }

  #take(chunk: Buffer): boolean {
    this.#lastReadAt = this.#clock.now();
    const ready = this.#hand(this.#encoder.encode(chunk, isoTime(this.#lastReadAt)));
    if (this.#encoder.pending > 0) this.#watchSilence(SILENCE_MS);
    return ready;
  }

  #hand(records: Buffer): boolean {
    if (records.length === 0) return true;
    this.#last.add(records);
    if (this.#sink.write(records)) return true;
    this.#sink.onceReady(() => this.#reader.resume());
    return false;
  }

  #watchSilence(ms: number): void {
    this.#cancelSilence ??= this.#clock.after(ms, () => {
      this.#cancelSilence = undefined;
      if (this.#encoder.pending === 0) return;
      const silent = this.#clock.now() - this.#lastReadAt;
      if (silent >= SILENCE_MS) this.#hand(this.#encoder.flush(isoTime(this.#clock.now())));
      else this.#watchSilence(SILENCE_MS - silent);
    });
  }

  #finish(finished: boolean): void {
    this.#cancelSilence?.();
    const time = isoTime(this.#clock.now());
    this.#hand(finished ? this.#encoder.end(time) : this.#encoder.leave(time));
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
