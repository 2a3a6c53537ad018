/** The same lines again and again in one place of the screen, for `--watch`: only what differs is written. */
import type { OutputStream } from '../print/terminal.ts';
import { changes } from './changes.ts';
import { cut } from './fold.ts';

export class InPlace {
  readonly #stream: OutputStream;
  #shown: readonly string[] = [];

  /** The screen is cleared. */
  constructor(stream: OutputStream) {
    this.#stream = stream;
    this.#onLost();
    stream.on?.('resize', this.#onLost);
  }

  show(lines: readonly string[]): void {
    const { columns = 80, rows = 24 } = this.#stream;
    // The last line of the screen is for the prompt that comes after it.
    const fitting = lines.slice(0, rows - 1).map((line) => cut(line, columns - 1));
    this.#stream.write(changes(this.#shown, fitting));
    this.#shown = fitting;
  }

  /** The cursor is below what was shown. */
  end(): void {
    this.#stream.off?.('resize', this.#onLost);
    this.#stream.write(`\x1b[${this.#shown.length + 1};1H`);
  }

  readonly #onLost = (): void => {
    this.#shown = [];
    this.#stream.write('\x1b[H\x1b[2J');
  };
}
