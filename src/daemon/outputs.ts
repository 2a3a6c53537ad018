/** The output of every running instance: its pipes are read into the app's log, its last lines are at hand. */

import type { Clock } from '../kit/clock.ts';
import { AppLog, type LoggedApp } from '../logs/app-log.ts';
import { Capture } from '../logs/capture.ts';
import { flushLog } from '../logs/flush.ts';
import { HomeCap } from '../logs/home-cap.ts';
import { loggedApps } from '../logs/log-files.ts';
import {
  type ChildEnds,
  closeChildEnds,
  makePipes,
  openForChild,
  type PipePair,
  removePipes,
} from '../logs/pipes.ts';
import { readLogs } from '../logs/reader.ts';
import type { OutputLine } from '../protocol/api.ts';

export interface OutputsOptions {
  readonly logDir: string;
  readonly runDir: string;
  readonly stateDir: string;
  readonly clock: Clock;
  /** Lines could not be written: into the log, or into a plain file of this path. */
  onLost(app: string, lines: number, path: string | null, reason: string | null): void;
  /** Lines were dropped because the disk is too slow, which `log.overflow` allows. */
  onDropped(app: string, lines: number): void;
  /** Lines were not taken by a collector; 0 when they wait for it. */
  onUnforwarded(app: string, lines: number, to: string, reason: string): void;
  /** The pipes that are read are others now. */
  onChange(): void;
}

interface Output {
  readonly app: string;
  readonly pipes: PipePair;
  readonly capture: Capture;
}

/** After the process has ended: how long to wait for the end of its output, which a stranger may keep open. */
const END_WAIT_MS = 1000;
const CRASH_LINES = 200;

export class Outputs {
  readonly #options: OutputsOptions;
  readonly #open = new Map<string, Output>();
  readonly #logs = new Map<string, AppLog>();
  readonly #home: HomeCap;
  /** Apps that a person has started since this daemon runs, with the slots that have begun since. */
  readonly #begun = new Map<string, Set<number>>();
  /** Deleted, but not all output was read. */
  readonly #forgotten = new Set<string>();
  /** Of apps that were deleted: their last lines may still have to be forwarded. */
  readonly #closing = new Set<Promise<void>>();

  constructor(options: OutputsOptions) {
    this.#options = options;
    this.#home = new HomeCap(options.logDir);
  }

  /** Paths of all pipes that are being read. */
  get paths(): readonly string[] {
    return [...this.#open.values()].flatMap(({ pipes }) => [pipes.out, pipes.err]);
  }

  /**
   * Makes the pipes of a new process and begins to read them.
   *
   * @param key of the instance with its serial, such as `web.0#3`
   * @returns the ends for its `stdio`; to be closed after the spawn, or the end of its output could not be seen
   */
  async create(plan: LoggedApp, slot: number, key: string): Promise<{ pipes: PipePair; ends: ChildEnds }> {
    const pipes = await makePipes(this.#options.runDir, key.replace('#', '.'));
    const ends = openForChild(pipes);
    try {
      this.#read(plan, slot, key, pipes, this.#beginsNow(plan.name, slot));
    } catch (error) {
      closeChildEnds(ends);
      throw error;
    }
    return { pipes, ends };
  }

  /** Reads pipes that are there already, of a process that another daemon started. */
  attach(plan: LoggedApp, slot: number, key: string, pipes: PipePair): void {
    this.#read(plan, slot, key, pipes, false);
  }

  lastLines(key: string): readonly OutputLine[] {
    return this.#open.get(key)?.capture.lastLines() ?? [];
  }

  /** The same with what an earlier daemon has read, which only the log knows. `since`: ms since the epoch. */
  async lastWords(key: string, app: string, instance: string, since: number): Promise<readonly OutputLine[]> {
    const read = this.lastLines(key);
    const logged: OutputLine[] = [];
    const options = {
      dir: this.#options.logDir,
      apps: [app],
      instances: [instance],
      since,
      tail: CRASH_LINES,
    };
    for await (const { time, stream, text } of readLogs(options)) logged.push({ time, stream, text });
    return logged.length > read.length ? logged : read;
  }

  /** Resolves when all its output was read, or after a short while. */
  async ended(key: string): Promise<void> {
    const output = this.#open.get(key);
    if (!output) return;
    await Promise.race([
      output.capture.ended,
      new Promise<void>((resolve) => this.#options.clock.after(END_WAIT_MS, resolve)),
    ]);
  }

  /** Reads what is left, then lets go of the pipes. The last lines are gone with it. */
  async close(key: string): Promise<void> {
    await this.ended(key);
    const output = this.#open.get(key);
    if (!output) return;
    this.#open.delete(key);
    output.capture.close();
    if (this.#forgotten.has(output.app)) this.forget(output.app);
    await removePipes(output.pipes);
    this.#options.onChange();
  }

  /** A person starts the app: plain files that do not append are emptied by the next process of each slot. */
  begin(app: string): void {
    this.#begun.set(app, new Set());
  }

  /** Other settings for the log of an app; also of one that does not run, whose log may still have to be forwarded. */
  configure(plan: LoggedApp): void {
    if (this.#logs.has(plan.name) || plan.log.forward.length > 0) this.#logOf(plan);
  }

  /** Cap over all logs of the home; null = 10 GB. */
  setHomeCap(bytes: number | null): void {
    this.#home.set(bytes);
  }

  /** Plain files (`log.files`) that somebody has moved away are made anew. */
  reopen(): void {
    for (const log of this.#logs.values()) log.reopen();
  }

  /** Empties the log of an app, or of all, and their plain files. */
  flush(app: string | null): void {
    const { logDir } = this.#options;
    for (const name of app === null ? new Set([...loggedApps(logDir), ...this.#logs.keys()]) : [app]) {
      const log = this.#logs.get(name);
      if (log) log.flush();
      else flushLog(logDir, name);
    }
  }

  /** The app is deleted: its files are closed when all its output was read. They stay where they are. */
  forget(app: string): void {
    this.#begun.delete(app);
    const log = this.#logs.get(app);
    if (!log) return;
    if ([...this.#open.values()].some((output) => output.app === app)) {
      this.#forgotten.add(app);
      return;
    }
    this.#forgotten.delete(app);
    this.#logs.delete(app);
    const closed = log.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  /** Writes what it has, and leaves the pipes to the next daemon. */
  async leaveAll(): Promise<void> {
    for (const { capture } of this.#open.values()) capture.close();
    this.#open.clear();
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
    await Promise.all(this.#closing);
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((key) => this.close(key)));
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
    await Promise.all(this.#closing);
  }

  #read(plan: LoggedApp, slot: number, key: string, pipes: PipePair, fresh: boolean): void {
    const sink = this.#logOf(plan).sink(slot, fresh);
    const { clock, onChange } = this.#options;
    const capture = new Capture({ pipes, instance: `${plan.name}.${slot}`, sink, clock });
    capture.open();
    this.#open.set(key, { app: plan.name, pipes, capture });
    onChange();
  }

  #beginsNow(app: string, slot: number): boolean {
    const slots = this.#begun.get(app);
    if (!slots || slots.has(slot)) return false;
    slots.add(slot);
    return true;
  }

  #logOf(plan: LoggedApp): AppLog {
    this.#forgotten.delete(plan.name);
    const known = this.#logs.get(plan.name);
    if (known) {
      known.configure(plan);
      return known;
    }
    const { logDir, stateDir, clock, onLost, onDropped, onUnforwarded } = this.#options;
    const log = new AppLog(plan, {
      dir: logDir,
      stateDir,
      clock,
      home: this.#home,
      onLost: (lines, path, reason) => onLost(plan.name, lines, path, reason),
      onDropped: (lines) => onDropped(plan.name, lines),
      onUnforwarded: (lines, to, reason) => onUnforwarded(plan.name, lines, to, reason),
    });
    this.#logs.set(plan.name, log);
    return log;
  }
}
