/** Streams of events to browsers (server-sent events): who does not read is dropped, so that nobody's slowness is kept in memory. */
import type http from 'node:http';
import type { Clock } from '../../kit/clock.ts';
import { securityFields, uncached } from './fields.ts';

const HEARTBEAT_MS = 15_000;
/** What may wait for a reader. */
const MOST_WAITING = 4 * 1024 * 1024;
const MOST = 200;

export class Streams {
  readonly #clock: Clock;
  readonly #open = new Set<Stream>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @param isGood asked now and then: false ends it. @returns null when there are too many */
  open(response: http.ServerResponse, isGood: () => boolean): Stream | null {
    if (this.#open.size >= MOST) return null;
    const stream = new Stream(response, this.#clock, isGood);
    this.#open.add(stream);
    response.once('close', () => {
      this.#open.delete(stream);
      stream.closed();
    });
    return stream;
  }

  close(): void {
    for (const stream of this.#open) stream.end();
  }
}

export class Stream {
  readonly #response: http.ServerResponse;
  readonly #clock: Clock;
  readonly #isGood: () => boolean;
  readonly #ended = new AbortController();
  #beat: () => void = () => undefined;

  constructor(response: http.ServerResponse, clock: Clock, isGood: () => boolean) {
    this.#response = response;
    this.#clock = clock;
    this.#isGood = isGood;
    response.writeHead(200, {
      ...securityFields,
      ...uncached,
      'Content-Type': 'text/event-stream',
      'X-Accel-Buffering': 'no',
    });
    response.write('retry: 2000\n\n');
    this.#arm();
  }

  /** Aborted when the browser is gone, or was dropped. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** @param json one line */
  send(json: string, { id, event }: { readonly id?: string; readonly event?: string } = {}): void {
    this.#write(`${id ? `id: ${id}\n` : ''}${event ? `event: ${event}\n` : ''}data: ${json}\n\n`);
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    if (!this.#response.writableNeedDrain || this.signal.aborted) return;
    await new Promise<void>((go) => {
      this.#response.once('drain', go);
      this.#response.once('close', go);
    });
  }

  end(): void {
    this.#response.end();
  }

  closed(): void {
    this.#beat();
    this.#ended.abort();
  }

  #write(text: string): void {
    if (this.signal.aborted) return;
    if (this.#response.writableLength > MOST_WAITING) return void this.#response.destroy();
    this.#response.write(text);
  }

  #arm(): void {
    this.#beat = this.#clock.after(HEARTBEAT_MS, () => {
      if (!this.#isGood()) return this.end();
      this.#write(': still here\n\n');
      this.#arm();
    });
  }
}
