/** How forever speaks: everything on stdout, each line with its level before it, because that is what scripts read. */
import { makeStyle, type Style } from '../print/style.ts';
import type { Terminal } from '../print/terminal.ts';

export class Voice {
  readonly style: Style;
  readonly #out: Terminal;

  /** `colour`: undefined = as the terminal has it. */
  constructor(out: Terminal, colour?: boolean) {
    this.#out = out;
    this.style = colour === undefined ? out.style : makeStyle(colour);
  }

  info(text: string): void {
    this.#say(this.style.green('info'), ':    ', text);
  }

  warn(text: string): void {
    this.#say(this.style.yellow('warn'), ':    ', text);
  }

  error(text: string): void {
    this.#say(this.style.red('error'), ':   ', text);
  }

  data(text: string): void {
    this.#say(this.style.dim('data'), ':    ', text);
  }

  /** Without a level. */
  plain(text: string): void {
    this.#out.line(text);
  }

  #say(level: string, gap: string, text: string): void {
    this.#out.line(`${level}${gap}${text}`.trimEnd());
  }
}
