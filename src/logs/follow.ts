/** Follows the logs of several apps at once and gives out their lines in the order of time. */
import { Alarm } from './alarm.ts';
import { Follower } from './follower.ts';
import { logFile, loggedApps } from './log-files.ts';
import type { LineParser, LogLine } from './log-line.ts';
import type { LogSnapshot } from './log-snapshot.ts';
import { earliest } from './merge.ts';

export interface FollowOptions {
  readonly dir: string;
  /** Also the apps whose logs come into being. */
  readonly newApps: boolean;
  readonly parse: LineParser;
  readonly signal: AbortSignal | undefined;
}

/** Without a hint of the system, changes are looked for this often. */
const POLL_MS = 500;
/** Lines of several apps wait this long for each other. */
const ORDER_MS = 60;
/** Lines that may wait: a consumer that is slow leaves the rest on the disk. */
const QUEUE_LINES = 20_000;

/** Goes on where the snapshots ended, whose files it closes. Ends when the signal is aborted. */
export async function* followLogs(
  snapshots: readonly LogSnapshot[],
  { dir, newApps, parse, signal }: FollowOptions,
): AsyncGenerator<LogLine[]> {
  const queues = snapshots.map((snapshot) => new FollowQueue(new Follower(snapshot), parse));
  const alarm = new Alarm(dir, signal);
  const alone = queues.length === 1 && !newApps;
  try {
    while (!signal?.aborted) {
      for (const app of newApps ? loggedApps(dir) : []) {
        if (queues.some((queue) => queue.app === app)) continue;
        // Its log was not there before, so all of it is new.
        const nothing = { app, path: logFile(dir, app), rotated: [], current: undefined, end: 0 };
        queues.push(new FollowQueue(new Follower(nothing), parse));
      }
      const more = (await Promise.all(queues.map((queue) => queue.fill()))).includes(true);
      const lines = takeDue(queues, alone ? Number.MAX_VALUE : Date.now() - ORDER_MS);
      if (lines.length > 0) yield lines;
      if (more) continue;
      await alarm.wait(queues.some((queue) => queue.head) ? ORDER_MS / 2 : POLL_MS);
    }
  } finally {
    alarm.close();
    for (const queue of queues) await queue.close();
  }
}

/**
 * The lines that have waited since `until`, and what is older than they are. Stops where a queue has run empty that has more
 * on the disk.
 */
function takeDue(queues: readonly FollowQueue[], until: number): LogLine[] {
  const lines: LogLine[] = [];
  while (queues.some((queue) => queue.seenAt <= until)) {
    if (queues.some((queue) => queue.more && !queue.head)) break;
    const line = earliest(queues)?.shift();
    if (line) lines.push(line);
  }
  return lines;
}

class FollowQueue {
  readonly app: string;
  /** The last look did not reach the end of the file. */
  more = false;
  readonly #follower: Follower;
  readonly #batches: AsyncGenerator<Buffer[] | undefined>;
  readonly #parse: LineParser;
  #lines: { line: LogLine; seenAt: number }[] = [];
  #at = 0;

  constructor(follower: Follower, parse: LineParser) {
    this.app = follower.app;
    this.#follower = follower;
    this.#batches = follower.batches();
    this.#parse = parse;
  }

  get head(): LogLine | undefined {
    return this.#lines[this.#at]?.line;
  }

  /** When the head was read from disk, in ms since the epoch. */
  get seenAt(): number {
    return this.#lines[this.#at]?.seenAt ?? Number.POSITIVE_INFINITY;
  }

  shift(): LogLine | undefined {
    const head = this.head;
    this.#at += 1;
    return head;
  }

  /** Reads what is new. True: the queue is full, and there is more. */
  async fill(): Promise<boolean> {
    this.#lines = this.#lines.slice(this.#at);
    this.#at = 0;
    this.more = true;
    while (this.#lines.length < QUEUE_LINES) {
      const batch = (await this.#batches.next()).value;
      if (batch === undefined) {
        this.more = false;
        break;
      }
      const seenAt = Date.now();
      for (const bytes of batch) {
        const line = this.#parse(this.app, bytes);
        if (line) this.#lines.push({ line, seenAt });
      }
    }
    return this.more;
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined);
    await this.#follower.close();
  }
}
