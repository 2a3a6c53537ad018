/** What all apps write, as it comes, on stdout. */
import { type LogLine, readLogs } from '../../logs/reader.ts';
import type { Context } from '../context.ts';
import { logLine } from '../print/log-line.ts';

/** How far an app was passed on: the time of its last line, and how many of its lines have just this time. */
interface Mark {
  time: string;
  lines: number;
}

export interface OutputOptions {
  /** The log directory. */
  readonly dir: string;
  /** When it was begun, in ms: what a home has from before is not repeated. */
  readonly since: number;
  readonly plain: boolean;
}

export class Output {
  readonly #context: Context;
  readonly #options: OutputOptions;
  readonly #over = new AbortController();
  readonly #marks = new Map<string, Mark>();
  #following: Promise<void> = Promise.resolve();
  #nameWidth = 0;

  constructor(context: Context, options: OutputOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** @param failed called when logs cannot be read */
  follow(failed: (error: unknown) => void): void {
    const { dir, since } = this.#options;
    this.#following = this.#passOn(readLogs({ dir, since, follow: true, signal: this.#over.signal })).catch(
      failed,
    );
  }

  /** When nothing more comes: with what has been written since the last look. */
  async finish(): Promise<void> {
    this.#over.abort();
    await this.#following;
    const { dir, since } = this.#options;
    await this.#passOn(this.#rest(readLogs({ dir, since })));
  }

  /** Times of one app only grow, and several lines may have the same one. */
  async *#rest(lines: AsyncIterable<LogLine>): AsyncGenerator<LogLine> {
    const marks = new Map([...this.#marks].map(([app, mark]) => [app, { ...mark }]));
    for await (const line of lines) {
      const mark = marks.get(line.app);
      if (mark && (line.time < mark.time || (line.time === mark.time && mark.lines-- > 0))) continue;
      yield line;
    }
  }

  async #passOn(lines: AsyncIterable<LogLine>): Promise<void> {
    for await (const line of lines) {
      await this.#context.out.flow(`${this.#text(line)}\n`);
      const mark = this.#marks.get(line.app);
      if (mark?.time === line.time) mark.lines += 1;
      else this.#marks.set(line.app, { time: line.time, lines: 1 });
    }
  }

  #text(line: LogLine): string {
    const { out } = this.#context;
    if (this.#options.plain) {
      this.#nameWidth = Math.max(this.#nameWidth, line.instance.length);
      return logLine(line, {
        style: out.style,
        now: Date.now(),
        forTerminal: out.isTTY,
        nameWidth: this.#nameWidth,
      });
    }
    const { time, app, instance, stream, text, partial } = line;
    return JSON.stringify({ time, app, instance, stream, line: text, ...(partial && { partial }) });
  }
}
