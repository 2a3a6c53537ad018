/**
 * Sends the log of an app to one target, at its own pace: it follows the files from a position that is stored, so nothing is lost
 * while the target is away or the daemon is killed, nothing piles up in memory, and the app never waits. Every line is
 * sent at least once. What is rotated away before the target has taken it is lost, and counted.
 */
import type { Clock } from '../../kit/clock.ts';
import { type LineParser, type LogLine, lineParser } from '../log-line.ts';
import { LogCursor } from './cursor.ts';
import { Refused, type Sender, TryLater } from './line.ts';
import type { Position } from './position.ts';
import { Waiting } from './waiting.ts';

export interface ForwarderOptions {
  readonly dir: string;
  readonly app: string;
  readonly clock: Clock;
  /** 0 to 1. */
  random(): number;
  readonly from: Position;
  /** Lines are JSON of a logger. */
  readonly structured: boolean;
  makeSender(onBroken: () => void): Sender;
  /** All before this position has arrived. At most once a second. */
  onProgress(position: Position): void;
  /** Lines will not arrive any more; 0 when they only wait. */
  onUnforwarded(lines: number, reason: string): void;
}

/** Lines that come shortly after each other go together. */
const LINGER_MS = 100;
/** A look without a hint that there is more. */
const LOOK_MS = 5000;
const SAVE_MS = 1000;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;
const SURVEY_MS = 1000;
const MOST_REST_MS = 50;
/** At the end: for the last words of an app that is stopped together with the daemon. */
const FAREWELL_MS = 1000;

export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #cursor: LogCursor;
  readonly #sender: Sender;
  readonly #parse: LineParser;
  readonly #waiting: Waiting;
  /** Sent, and not old enough to be sure. */
  #unsettled: { readonly end: Position; readonly at: number }[] = [];
  #settled: Position;
  #cancelSave: (() => void) | undefined;
  #broken = false;
  /** Breaks of the connection since anything is known to have arrived. */
  #breaks = 0;
  #failing = false;
  /** Sends what is there, and stops. */
  #closing = false;
  #closed = false;
  #nudged = false;
  #wake: (() => void) | undefined;
  readonly #done: Promise<void>;

  constructor(options: ForwarderOptions) {
    const { dir, app, from, structured } = options;
    this.#options = options;
    this.#settled = from;
    this.#cursor = new LogCursor(dir, app, from);
    this.#waiting = new Waiting(this.#cursor);
    this.#parse = lineParser({ structured: () => structured });
    this.#sender = options.makeSender(() => this.#breaksOff());
    this.#done = this.#run();
  }

  /** There is more in the log. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  /** Resolves when it has stopped; what has not been sent is for the next one. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    const cancel = this.#options.clock.after(FAREWELL_MS, () => {
      this.#closed = true;
      this.#sender.close();
    });
    await this.#done;
    cancel();
    this.#closed = true;
    this.#cancelSave?.();
    this.#save();
    this.#sender.close();
    await this.#cursor.close();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#step();
      } catch (error) {
        // The log cannot be read: a permission, or too many open files.
        this.#fails(error);
        if (this.#closing) this.#closed = true;
        await this.#pause(RETRY_MOST_MS);
      }
    }
  }

  async #step(): Promise<void> {
    if (this.#broken) await this.#goBack();
    this.#nudged = false;
    const batch = await this.#cursor.next();
    if (!batch) {
      if (this.#closing) this.#closed = true;
      else await this.#rest();
      return;
    }
    const begun = process.cpuUsage();
    const lines = batch.lines.flatMap((bytes) => this.#parse(this.#options.app, bytes) ?? []);
    if (lines.length > 0 && !(await this.#deliver(lines))) return;
    await this.#pause(shareOf(begun));
    this.#unsettled.push({ end: batch.end, at: this.#options.clock.now() });
    this.#cancelSave ??= this.#options.clock.after(SAVE_MS, () => this.#save());
  }

  /** Tries until it has worked, or the lines are refused for good. False: stopped, or all has to be sent again. */
  async #deliver(lines: readonly LogLine[]): Promise<boolean> {
    for (let attempt = 0; !this.#closed && !this.#broken; attempt++) {
      try {
        const refused = await this.#sender.send(lines);
        this.#failing = false;
        if (refused > 0) this.#options.onUnforwarded(refused, 'they were refused');
        return true;
      } catch (error) {
        if (error instanceof Refused) return this.#divide(lines, error);
        if (this.#closing) this.#closed = true;
        // A connection that was idle may have been closed, and the next one works.
        if (attempt > 0) this.#fails(error);
        const wanted = error instanceof TryLater ? error.afterMs : 0;
        await this.#pauseAndCount(Math.max(wanted, this.#backoff(attempt)));
      }
    }
    return false;
  }

  #backoff(attempt: number): number {
    const most = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(attempt, 10));
    return most * (0.5 + this.#options.random() / 2);
  }

  /** One of them may be bad: only that is left out. */
  async #divide(lines: readonly LogLine[], why: Refused): Promise<boolean> {
    if (lines.length <= 1) {
      this.#options.onUnforwarded(lines.length, why.message);
      return true;
    }
    const half = Math.ceil(lines.length / 2);
    return (await this.#deliver(lines.slice(0, half))) && (await this.#deliver(lines.slice(half)));
  }

  /** Says once that lines have to wait. */
  #fails(error: unknown): void {
    if (this.#failing || this.#closed) return;
    this.#failing = true;
    const why =
      error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
    this.#options.onUnforwarded(0, `${why}; the lines wait in the log, and are sent when it is back`);
  }

  /** While the target is away, rotation may remove what it has not had. To count that, it must have been seen. */
  async #pauseAndCount(ms: number): Promise<void> {
    for (let left = ms; left > 0 && !this.#closing; left -= SURVEY_MS) {
      const lost = await this.#waiting.lostSince();
      if (lost > 0) this.#options.onUnforwarded(lost, 'rotation has removed them before they could be sent');
      await this.#pause(Math.min(left, SURVEY_MS));
    }
  }

  #breaksOff(): void {
    this.#broken = true;
    this.#breaks += 1;
    this.#wake?.();
  }

  /** The connection may have swallowed what was sent last. */
  async #goBack(): Promise<void> {
    this.#broken = false;
    this.#settle();
    await this.#pause(this.#backoff(this.#breaks));
    if (this.#unsettled.length === 0) return;
    this.#unsettled = [];
    await this.#cursor.seek(this.#settled);
  }

  #settle(): void {
    const before = this.#options.clock.now() - this.#sender.settleMs;
    const young = this.#unsettled.findIndex(({ at }) => at > before);
    const sure = young === -1 ? this.#unsettled.length : young;
    if (sure > 0) this.#breaks = 0;
    this.#settled = this.#unsettled[sure - 1]?.end ?? this.#settled;
    this.#unsettled = this.#unsettled.slice(sure);
  }

  #save(): void {
    this.#cancelSave = undefined;
    const before = this.#settled;
    this.#settle();
    if (this.#settled !== before) this.#options.onProgress(this.#settled);
    if (this.#unsettled.length > 0 && !this.#closed)
      this.#cancelSave = this.#options.clock.after(SAVE_MS, () => this.#save());
  }

  /** Until there is more. */
  async #rest(): Promise<void> {
    if (!this.#nudged) await this.#pause(LOOK_MS, true);
    if (this.#nudged) await this.#pause(LINGER_MS);
  }

  /** @param wakeable a nudge ends it, or that the connection breaks; closing always does */
  async #pause(ms: number, wakeable = false): Promise<void> {
    if (this.#closing) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#wake = () => {
        if (!wakeable && !this.#closing) return;
        cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

/**
 * A backlog must not take the processor from what else this process does, such as reading the pipes of apps: after each batch, a
 * rest of half of the time that the process has worked meanwhile.
 */
function shareOf(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return Math.min(MOST_REST_MS, Math.floor((user + system) / 2000));
}
