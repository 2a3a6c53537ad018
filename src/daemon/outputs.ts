/** The output of every running instance: its pipes are read into the app's log, its last lines are at hand. */

import type { LogPlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import { Capture } from '../logs/capture.ts';
import {
  type ChildEnds,
  closeChildEnds,
  makePipes,
  openForChild,
  type PipePair,
  removePipes,
} from '../logs/pipes.ts';
import { readLogs } from '../logs/reader.ts';
import { LogWriter } from '../logs/writer.ts';
import type { OutputLine } from '../protocol/api.ts';

export interface OutputsOptions {
  readonly logDir: string;
  readonly runDir: string;
  readonly clock: Clock;
  onLost(app: string, lines: number): void;
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
  readonly #writers = new Map<string, LogWriter>();

  constructor(options: OutputsOptions) {
    this.#options = options;
  }

  /** Paths of all pipes that are being read. */
  get paths(): readonly string[] {
    return [...this.#open.values()].flatMap(({ pipes }) => [pipes.out, pipes.err]);
  }

  /**
   * Makes the pipes of a new process and begins to read them.
   *
   * @returns the ends for its `stdio`; to be closed after the spawn, or the end of its output could not be seen
   */
  async create(
    app: string,
    instance: string,
    key: string,
    plan: LogPlan,
  ): Promise<{ pipes: PipePair; ends: ChildEnds }> {
    const pipes = await makePipes(this.#options.runDir, key.replace('#', '.'));
    const ends = openForChild(pipes);
    try {
      this.attach(app, instance, key, pipes, plan);
    } catch (error) {
      closeChildEnds(ends);
      throw error;
    }
    return { pipes, ends };
  }

  /** Reads pipes that are there already, of a process that another daemon started. */
  attach(app: string, instance: string, key: string, pipes: PipePair, plan: LogPlan): void {
    const sink = this.#writerOf(app, plan);
    const capture = new Capture({ pipes, instance, sink, clock: this.#options.clock });
    capture.open();
    this.#open.set(key, { app, pipes, capture });
    this.#options.onChange();
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
    await removePipes(output.pipes);
    this.#options.onChange();
  }

  /** Other settings for the log of an app. */
  configure(app: string, plan: LogPlan): void {
    this.#writers.get(app)?.configure(plan);
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((key) => this.close(key)));
    await Promise.all([...this.#writers.values()].map((writer) => writer.close()));
  }

  #writerOf(app: string, plan: LogPlan): LogWriter {
    const known = this.#writers.get(app);
    if (known) return known;
    const { logDir, clock } = this.#options;
    const onLost = (lines: number) => this.#options.onLost(app, lines);
    const writer = new LogWriter({ dir: logDir, app, plan, clock, onLost });
    this.#writers.set(app, writer);
    return writer;
  }
}
