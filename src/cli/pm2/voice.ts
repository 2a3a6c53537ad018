/** What `hold pm2` says beside data: in PM2's form, so that eyes and scripts find it. */
import type { Context } from '../context.ts';
import { plain } from '../print/text.ts';

export class Voice {
  readonly #context: Context;
  readonly silent: boolean;

  constructor(context: Context, silent: boolean) {
    this.#context = context;
    this.silent = silent;
  }

  say(text: string): void {
    const { out } = this.#context;
    if (!this.silent) out.line(`${out.style.green('[PM2]')} ${text}`);
  }

  warn(text: string): void {
    const { err } = this.#context;
    if (!this.silent) err.line(`${err.style.yellow('[PM2][WARN]')} ${plain(text)}`);
  }

  error(text: string, more: readonly string[] = []): void {
    const { err } = this.#context;
    err.line(`${err.style.red('[PM2][ERROR]')} ${plain(text)}`);
    err.lines(more.map((line) => `  ${plain(line)}`));
  }
}
