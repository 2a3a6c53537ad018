/** The terminal as a screen of its own, and as it was when that is over: however that comes. */
import { emitKeypressEvents, type Interface } from 'node:readline';
import type { OutputStream } from '../print/terminal.ts';
import { changes } from './changes.ts';
import { type Key, type Keypress, keyOf } from './keys.ts';

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'; // alternate screen, no cursor, no wrapping: xterm(1), DECTCEM, DECAWM
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const clear = '\x1b[2J';
/** How long an escape character waits for the rest of a key. */
const escapeMs = 50;

export interface FullScreenOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: OutputStream;
  readonly onKey: (key: Key) => void;
  /** What was shown is gone, or has another size: draw it anew. */
  readonly onLost: () => void;
}

export class FullScreen {
  readonly #options: FullScreenOptions;
  #shown: readonly string[] = [];
  #isOpen = false;

  constructor(options: FullScreenOptions) {
    this.#options = options;
  }

  get size(): { columns: number; rows: number } {
    const { columns, rows } = this.#options.stdout;
    // Of a terminal that does not say it, both are 0.
    return { columns: columns || 80, rows: rows || 24 };
  }

  open(): void {
    const { stdin, stdout } = this.#options;
    // It is an interface for its time limit alone.
    emitKeypressEvents(stdin, { escapeCodeTimeout: escapeMs } as unknown as Interface);
    stdin.on('keypress', this.#onKeypress);
    stdout.on?.('resize', this.#onResize);
    process.on('SIGCONT', this.#onContinue);
    process.once('exit', this.#onExit);
    this.#take();
  }

  close(): void {
    const { stdin, stdout } = this.#options;
    process.off('SIGCONT', this.#onContinue);
    process.off('exit', this.#onExit);
    stdout.off?.('resize', this.#onResize);
    stdin.off('keypress', this.#onKeypress);
    this.#giveBack();
    stdin.pause();
  }

  /** Stops the whole job, as Ctrl-Z does where nobody reads keys; SIGCONT brings the screen back. */
  suspend(): void {
    this.#giveBack();
    process.kill(0, 'SIGTSTP');
  }

  show(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const text = changes(this.#shown, lines);
    this.#shown = lines;
    if (text !== '') this.#options.stdout.write(text);
  }

  /** The next `show` writes every line. */
  forget(): void {
    this.#shown = [];
    if (this.#isOpen) this.#options.stdout.write(clear);
  }

  readonly #onKeypress = (text: string | undefined, keypress: Keypress): void => {
    const key = keyOf(text, keypress);
    if (key !== undefined) this.#options.onKey(key);
  };

  readonly #onResize = (): void => {
    this.forget();
    this.#options.onLost();
  };

  readonly #onContinue = (): void => {
    this.#take();
    this.#options.onLost();
  };

  readonly #onExit = (): void => this.#giveBack();

  #take(): void {
    const { stdin, stdout } = this.#options;
    this.#isOpen = true;
    this.#shown = [];
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.resume();
    stdout.write(enter);
  }

  #giveBack(): void {
    if (!this.#isOpen) return;
    const { stdin, stdout } = this.#options;
    this.#isOpen = false;
    stdout.write(leave);
    if (stdin.isTTY) stdin.setRawMode(false);
  }
}
