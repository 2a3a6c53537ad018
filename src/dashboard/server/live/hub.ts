/** Asks the daemon once a second, while somebody looks, and tells all who look what is new: one question for all of them. */
import type { Client } from '../../../client/client.ts';
import type { Clock } from '../../../kit/clock.ts';
import type { HoldfastEvent, LiveMessage } from '../../../protocol/dashboard.ts';
import type { Stream } from '../streams.ts';
import { difference, type LiveState } from './difference.ts';
import { type LookClient, look, type SlowFacts, slowLook } from './look.ts';

const LOOK_MS = 1000;
/** Of what changes slowly. */
const SLOW_EVERY = 10;
const KEPT_EVENTS = 50;

export interface HubOptions {
  readonly client: LookClient & Pick<Client, 'events' | 'crashes'>;
  readonly clock: Clock;
  readonly home: string;
}

export class LiveHub {
  readonly #options: HubOptions;
  readonly #viewers = new Set<Stream>();
  readonly #crashes = new Map<string, string>();
  #slow: SlowFacts = { certificates: [], health: null, host: null };
  #state: LiveState | null = null;
  #events: HoldfastEvent[] = [];
  #fresh: HoldfastEvent[] = [];
  #away = false;
  #round = 0;
  #running: AbortController | null = null;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /** How many look. */
  get size(): number {
    return this.#viewers.size;
  }

  add(stream: Stream): void {
    this.#viewers.add(stream);
    stream.signal.addEventListener('abort', () => this.#remove(stream), { once: true });
    if (this.#state) stream.send(JSON.stringify(this.#whole(this.#state)));
    if (!this.#running) void this.#run();
  }

  #remove(stream: Stream): void {
    this.#viewers.delete(stream);
    if (this.#viewers.size > 0) return;
    this.#running?.abort();
    this.#running = null;
    // What is kept grows old while nobody looks.
    this.#state = null;
    this.#round = 0;
  }

  async #run(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    void this.#follow(running.signal);
    while (!running.signal.aborted) {
      await this.#look(running.signal);
      await this.#pause(LOOK_MS, running.signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { client, home, clock } = this.#options;
    try {
      if (this.#round === 0) await this.#learnCrashes();
      if (this.#round % SLOW_EVERY === 0) this.#slow = await slowLook({ client, home });
      const next = await look({ client, home, crashes: this.#crashes, slow: this.#slow });
      if (signal.aborted) return;
      this.#round += 1;
      const before = this.#state;
      this.#state = next;
      const events = this.#fresh.splice(0);
      const at = new Date(clock.now()).toISOString();
      const wasAway = this.#away;
      this.#away = false;
      if (!before) return this.#tell(this.#whole(next));
      const changes = difference(before, next);
      if (Object.keys(changes).length === 0 && events.length === 0 && !wasAway) return;
      this.#tell({ whole: false, at, ...changes, ...(events.length > 0 && { events }) });
    } catch {
      if (signal.aborted) return;
      if (!this.#away) this.#tell({ whole: false, at: new Date(clock.now()).toISOString(), away: true });
      this.#away = true;
    }
  }

  async #learnCrashes(): Promise<void> {
    for (const { app, time } of await this.#options.client.crashes()) this.#crashed(app, time);
  }

  #crashed(app: string, time: string): void {
    if ((this.#crashes.get(app) ?? '') < time) this.#crashes.set(app, time);
  }

  /** The journal, again and again while the daemon is replaced; each event once. */
  async #follow(signal: AbortSignal): Promise<void> {
    let seen = this.#events.at(-1)?.seq ?? -1;
    while (!signal.aborted) {
      try {
        for await (const event of this.#options.client.events({ tail: KEPT_EVENTS, follow: true, signal })) {
          if (event.seq <= seen) continue;
          seen = event.seq;
          if (event.type === 'instance.crashed' && event.app) this.#crashed(event.app, event.time);
          this.#events = [...this.#events, event].slice(-KEPT_EVENTS);
          // Those who look get the whole first, in which the past is.
          if (this.#state) this.#fresh = [...this.#fresh, event].slice(-1000);
        }
      } catch {
        // Away: told by the other question.
      }
      await this.#pause(LOOK_MS, signal);
    }
  }

  #whole(state: LiveState): LiveMessage {
    return {
      whole: true,
      at: new Date(this.#options.clock.now()).toISOString(),
      ...state,
      events: this.#events,
    };
  }

  #tell(message: LiveMessage): void {
    const text = JSON.stringify(message);
    for (const viewer of this.#viewers) viewer.send(text);
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#options.clock.after(ms, done);
      signal.addEventListener('abort', done);
    });
  }
}
