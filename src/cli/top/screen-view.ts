/** The live view on a terminal: looks, listens, draws, and does what keys ask for. */
import type { Client } from '../../client/client.ts';
import { homePaths } from '../../protocol/home.ts';
import { describeEvent } from '../print/event-line.ts';
import { makeStyle } from '../print/style.ts';
import type { EventLinesOptions } from './event-lines.ts';
import { FullScreen } from './full-screen.ts';
import type { Key } from './keys.ts';
import type { LiveViewEnd } from './live-view.ts';
import { tailLog } from './log-tail.ts';
import { followNews, pause } from './news.ts';
import { press, type Wish } from './press.ts';
import { frame } from './screen.ts';
import { emptyState, type Place, type TopState, withEvent, withLogLines } from './state.ts';

export interface ScreenViewOptions extends EventLinesOptions {
  readonly stdin: NodeJS.ReadStream;
}

const lookEveryMs = 1000;
/** After an event: soon, but not once for each of many. */
const lookSoonMs = 50;

const done = { restart: 'restarted', reload: 'reloaded', stop: 'stopped', start: 'started', scale: 'scaled' };

export class ScreenView {
  readonly #client: Client;
  readonly #options: ScreenViewOptions;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  readonly #screen: FullScreen;
  #state = emptyState;
  #end: LiveViewEnd = 'aborted';
  #page = 10;
  #drawing: NodeJS.Immediate | undefined;
  /** Ends the pause before the next look. */
  #lookNow = new AbortController();
  #tail = new AbortController();
  #logDir: string | undefined;

  constructor(client: Client, options: ScreenViewOptions) {
    this.#client = client;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#over.signal]);
    this.#screen = new FullScreen({
      stdin: options.stdin,
      stdout: options.stdout,
      onKey: (key) => this.#press(key),
      onLost: () => this.#show(this.#state),
    });
  }

  async run(): Promise<LiveViewEnd> {
    this.#screen.open();
    try {
      await Promise.all([this.#follow(), this.#look()]);
    } finally {
      clearImmediate(this.#drawing);
      this.#tail.abort();
      this.#screen.close();
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
        const news = await this.#news();
        this.#show({ ...this.#state, ...news, away: null });
      } catch (error) {
        this.#show({ ...this.#state, away: wordsOf(error) });
      }
      await pause(lookSoonMs, this.#signal);
      await pause(lookEveryMs - lookSoonMs, AbortSignal.any([this.#signal, this.#lookNow.signal]));
      this.#lookNow = new AbortController();
    }
  }

  async #news(): Promise<Partial<TopState>> {
    const { place } = this.#state;
    const apps = await this.#client.apps();
    // Only requests that go over the edge are counted.
    const traffic = apps.some(({ kind }) => kind === 'edge') ? await this.#client.traffic() : null;
    if (place.kind !== 'detail') return { apps, traffic };
    const isThere = apps.some(({ name }) => name === place.app);
    const detail = isThere ? await this.#client.app(place.app) : null;
    const crashes = await this.#client.crashes(place.app);
    // Somewhere else by now: what was asked for is of no use.
    return this.#state.place === place ? { apps, traffic, detail, crashes } : { apps, traffic };
  }

  #press(key: Key): void {
    const { state, wish } = press(this.#state, key, this.#page);
    const from = this.#state.place;
    this.#show(state);
    if (state.place !== from) this.#arrive(state.place);
    if (wish) this.#do(wish);
  }

  #arrive(place: Place): void {
    this.#tail.abort();
    this.#tail = new AbortController();
    if (place.kind === 'detail') this.#lookNow.abort();
    if (place.kind === 'log') void this.#followLog(place, AbortSignal.any([this.#signal, this.#tail.signal]));
  }

  async #followLog(place: Extract<Place, { kind: 'detail' | 'log' }>, signal: AbortSignal): Promise<void> {
    try {
      this.#logDir ??= homePaths((await this.#client.daemon()).home).logs;
      await tailLog(place, {
        dir: this.#logDir,
        signal,
        onLines: (lines) => this.#show(withLogLines(this.#state, lines)),
      });
    } catch (error) {
      if (!signal.aborted) this.#say(`Cannot read the log: ${wordsOf(error)}`, true);
    }
  }

  #do(wish: Wish): void {
    switch (wish.kind) {
      case 'quit':
      case 'interrupt':
        this.#end = wish.kind === 'quit' ? 'quit' : 'interrupted';
        this.#over.abort();
        return;
      case 'suspend':
        this.#screen.suspend();
        return;
      case 'redraw':
        this.#screen.forget();
        this.#show(this.#state);
        return;
      default:
        void this.#change(wish);
    }
  }

  /** Goes on when the view ends: what was asked for is the daemon's by then. */
  async #change(wish: Exclude<Wish, { kind: 'quit' | 'interrupt' | 'suspend' | 'redraw' }>): Promise<void> {
    const { app, instance } = wish.subject;
    const name = instance ?? app;
    const part = instance === null ? {} : { slot: Number(instance.slice(app.length + 1)) };
    const style = makeStyle(false);
    const options = {
      signal: this.#signal,
      onEvent: (event: Parameters<typeof describeEvent>[0]) => {
        if (event.app === app) this.#say(`${wish.kind} ${name}: ${describeEvent(event, style)}`, false);
      },
    };
    this.#say(`${wish.kind} ${name} …`, false);
    try {
      if (wish.kind === 'scale') await this.#client.scale(app, wish.instances, options);
      else await this.#client[wish.kind](app, options, part);
      this.#say(`${name} is ${done[wish.kind]}`, false);
    } catch (error) {
      if (!this.#signal.aborted) this.#say(wordsOf(error), true);
    }
  }

  #say(text: string, bad: boolean): void {
    this.#show({ ...this.#state, said: { text, bad } });
  }

  #show(state: TopState): void {
    this.#state = state;
    this.#drawing ??= setImmediate(() => {
      this.#drawing = undefined;
      if (!this.#signal.aborted) this.#draw();
    });
  }

  #draw(): void {
    const { header, style } = this.#options;
    const drawn = frame(this.#state, { ...this.#screen.size, style, now: Date.now(), header });
    this.#page = drawn.page;
    this.#state = { ...this.#state, offset: drawn.offset };
    this.#screen.show(drawn.lines);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
