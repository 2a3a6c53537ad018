/** One of the two outputs of a command: stdout for data, stderr for messages. */
import { makeStyle, type Style, wantsColour } from './style.ts';

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

  constructor(stream: OutputStream, env: NodeJS.ProcessEnv) {
    this.stream = stream;
    this.style = makeStyle(wantsColour(this.isTTY, env));
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true;
  }

  /** Infinity when it is no terminal, so that nothing is cut that a program may read. */
  get width(): number {
    return this.isTTY ? (this.stream.columns ?? 80) : Number.POSITIVE_INFINITY;
  }

  line(text = ''): void {
    this.stream.write(`${text}\n`);
  }

  lines(texts: readonly string[]): void {
    if (texts.length > 0) this.stream.write(`${texts.join('\n')}\n`);
  }

  /** For long output: resolves when the reader has caught up. */
  async flow(text: string): Promise<void> {
    if (!this.stream.write(text)) await new Promise<void>((resolve) => this.stream.once('drain', resolve));
  }

  json(value: unknown): void {
    this.line(JSON.stringify(value, null, this.isTTY ? 2 : undefined));
  }
}
