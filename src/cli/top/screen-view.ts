/** The live view on a terminal: fetches, redraws, reads keys, and leaves the terminal as it was. */
import type { Client } from '../../client/client.ts';
import type { EventLinesOptions } from './event-lines.ts';
import { keyOf } from './keys.ts';
import type { LiveViewEnd } from './live-view.ts';
import { followNews, pause } from './news.ts';
import { frame } from './screen.ts';
import { emptyState, type TopState, withEvent, withKey } from './state.ts';

export interface ScreenViewOptions extends EventLinesOptions {
  readonly stdin: NodeJS.ReadStream;
}

const lookEveryMs = 1000;
/** After an event: soon, but not once for each of many. */
const lookSoonMs = 50;
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'; // alternate screen, no cursor, no wrapping: xterm(1), DECTCEM, DECAWM
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';

export class ScreenView {
  readonly #client: Client;
  readonly #options: ScreenViewOptions;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  #state = emptyState;
  #end: LiveViewEnd = 'aborted';
  #drawing: NodeJS.Immediate | undefined;
  /** Ends the pause before the next look. */
  #lookNow = new AbortController();

  constructor(client: Client, options: ScreenViewOptions) {
    this.#client = client;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#over.signal]);
  }

  async run(): Promise<LiveViewEnd> {
    const { stdin, stdout } = this.#options;
    const onInput = (input: string) => this.#press(input);
    const onResize = () => this.#show(this.#state);
    const keyboard = stdin.isTTY === true;
    if (keyboard) stdin.setRawMode(true).setEncoding('utf8').on('data', onInput).resume();
    stdout.on?.('resize', onResize);
    stdout.write(enter);
    try {
      await Promise.all([this.#follow(), this.#look()]);
    } finally {
      clearImmediate(this.#drawing);
      stdout.write(leave);
      stdout.off?.('resize', onResize);
      if (keyboard) stdin.off('data', onInput).setRawMode(false).pause();
    }
    return this.#end;
  }

  #follow(): Promise<void> {
    return followNews(this.#client, {
      signal: this.#signal,
      tail: 20,
      onEvent: (event) => {
        this.#show(withEvent(this.#state, event));
        this.#lookNow.abort();
      },
      onAway: (reason) => this.#show({ ...this.#state, away: reason }),
    });
  }

  async #look(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        const apps = await this.#client.apps();
        this.#show({ ...this.#state, apps, away: null });
      } catch (error) {
        this.#show({ ...this.#state, away: error instanceof Error ? error.message : String(error) });
      }
      await pause(lookSoonMs, this.#signal);
      await pause(lookEveryMs - lookSoonMs, AbortSignal.any([this.#signal, this.#lookNow.signal]));
      this.#lookNow = new AbortController();
    }
  }

  #press(input: string): void {
    const key = keyOf(input);
    if (key === 'quit' || key === 'interrupt') {
      this.#end = key === 'quit' ? 'quit' : 'interrupted';
      this.#over.abort();
    } else if (key !== undefined) {
      this.#show(withKey(this.#state, key));
    }
  }

  #show(state: TopState): void {
    this.#state = state;
    this.#drawing ??= setImmediate(() => {
      this.#drawing = undefined;
      if (!this.#signal.aborted) this.#draw();
    });
  }

  #draw(): void {
    const { header, style, stdout } = this.#options;
    const { columns = 80, rows = 24 } = stdout;
    const { lines, offset } = frame(this.#state, { columns, rows, style, now: Date.now(), header });
    this.#state = { ...this.#state, offset };
    stdout.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`);
  }
}
