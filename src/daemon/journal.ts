/**
 * The journal: every event of this home, one JSON line each, on disk and to whoever follows. A full disk costs lines on disk,
 * never an event for those who listen.
 */
import { closeSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import type { Clock } from '../kit/clock.ts';
import { encodeNdjson } from '../kit/ndjson.ts';
import type { EventType, HoldfastEvent } from '../protocol/events.ts';
import { withAsker } from './asker.ts';

const ROTATE_BYTES = 10 * 1024 * 1024;
/** Kept in memory for `tail`. */
const RECENT = 2000;

export type NewEvent = Omit<HoldfastEvent, 'seq' | 'time'>;

export class Journal {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #followers = new Set<(event: HoldfastEvent) => void>();
  #recent: HoldfastEvent[];
  #fd: number | null = null;
  #bytes = 0;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    this.#recent = [...readEvents(`${file}.1`), ...readEvents(file)].slice(-RECENT);
  }

  get lastSeq(): number {
    return this.#recent.at(-1)?.seq ?? 0;
  }

  record(type: EventType, event: Omit<NewEvent, 'type'> = {}): HoldfastEvent {
    const time = new Date(this.#clock.now()).toISOString();
    const data = withAsker(type, event.data);
    const full: HoldfastEvent = { seq: this.lastSeq + 1, time, type, ...event, ...(data && { data }) };
    this.#recent.push(full);
    if (this.#recent.length > 2 * RECENT) this.#recent = this.#recent.slice(-RECENT);
    this.#write(encodeNdjson(full));
    for (const follower of [...this.#followers]) follower(full);
    return full;
  }

  /** The newest events that the filter lets through, oldest first. */
  tail(count: number, filter: (event: HoldfastEvent) => boolean = () => true): HoldfastEvent[] {
    return count === 0 ? [] : this.#recent.filter(filter).slice(-count);
  }

  /** Calls back with every event from now on, until the returned function is called. */
  follow(follower: (event: HoldfastEvent) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #write(line: string): void {
    try {
      if (this.#fd === null) {
        this.#fd = openSync(this.#file, 'a', 0o600);
        this.#bytes = statSync(this.#file).size;
      }
      this.#bytes += writeSync(this.#fd, line);
      if (this.#bytes >= ROTATE_BYTES) {
        this.close();
        renameSync(this.#file, `${this.#file}.1`);
      }
    } catch {
      this.close();
    }
  }
}

/** A line that a full disk or a power cut has cut short is left out. */
function readEvents(file: string): HoldfastEvent[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      const event = JSON.parse(line) as HoldfastEvent;
      return typeof event.seq === 'number' ? [event] : [];
    } catch {
      return [];
    }
  });
}
