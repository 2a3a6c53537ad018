/** One of the two outputs of a command: stdout for data, stderr for messages. */
import { makeStyle, type Style, takesPassingLines, wantsColour } from './style.ts';
import { truncate } from './text.ts';

/** What of a stream is used; `process.stdout` is one. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

export class Terminal {
  readonly stream: OutputStream;
  readonly style: Style;
  /** It can show a line that the next one replaces. */
  readonly takesPassing: boolean;
  #passing: string | null = null;

  constructor(stream: OutputStream, env: NodeJS.ProcessEnv) {
    this.stream = stream;
    this.style = makeStyle(wantsColour(this.isTTY, env));
    this.takesPassing = takesPassingLines(this.isTTY, env);
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true;
  }

  /** Infinity when it is no terminal, so that nothing is cut that a program may read. */
  get width(): number {
    return this.isTTY ? (this.stream.columns ?? 80) : Number.POSITIVE_INFINITY;
  }

  line(text = ''): void {
    this.lines([text]);
  }

  lines(texts: readonly string[]): void {
    if (texts.length === 0) return;
    const passing = this.#passing;
    this.passing(null);
    this.stream.write(`${texts.join('\n')}\n`);
    this.passing(passing);
  }

  /** What is so for the moment: below the lines, until the next one, or null; nothing where that cannot be shown. */
  passing(text: string | null): void {
    if (!this.takesPassing || (text === null && this.#passing === null)) return;
    // Back to the first column, and erase the line (EL), see ECMA-48.
    this.stream.write(`\r\x1b[K${text === null ? '' : this.style.dim(truncate(text, this.width - 1))}`);
    this.#passing = text;
  }

  /** For long output: resolves when the reader has caught up. */
  async flow(text: string): Promise<void> {
    if (!this.stream.write(text)) await new Promise<void>((resolve) => this.stream.once('drain', resolve));
  }

  json(value: unknown): void {
    this.line(JSON.stringify(value, null, this.isTTY ? 2 : undefined));
  }
}
