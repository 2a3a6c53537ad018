/** Requests of a site that is paused, in the order in which they came. */
import type { PauseRules } from '../../protocol/traffic-rules.ts';

interface Waiting {
  /** The site goes on. */
  go(): void;
  /** It will not, as far as this edge is concerned. */
  giveUp(): void;
}

export class Pause {
  rules: PauseRules;
  readonly #waiting = new Set<Waiting>();

  constructor(rules: PauseRules) {
    this.rules = rules;
  }

  get full(): boolean {
    return this.#waiting.size >= this.rules.maxWaiting;
  }

  /** The function returned frees the place. */
  wait(waiting: Waiting): () => void {
    this.#waiting.add(waiting);
    return () => this.#waiting.delete(waiting);
  }

  /** Lets all go on. */
  end(): void {
    for (const waiting of [...this.#waiting]) waiting.go();
  }

  giveUp(): void {
    for (const waiting of [...this.#waiting]) waiting.giveUp();
  }
}

/** The pauses of all sites, over all tables. */
export class Pauses {
  #pauses = new Map<string, Pause>();
  #ended: Pause[] = [];

  /** @param paused hosts of the sites that are paused now */
  follow(paused: ReadonlyMap<string, PauseRules>): void {
    for (const [host, pause] of this.#pauses) if (!paused.has(host)) this.#ended.push(pause);
    this.#pauses = new Map(
      [...paused].map(([host, rules]) => {
        const pause = this.#pauses.get(host) ?? new Pause(rules);
        pause.rules = rules;
        return [host, pause];
      }),
    );
  }

  of(host: string): Pause | undefined {
    return this.#pauses.get(host);
  }

  /** This edge ends: better an answer than none. */
  giveUp(): void {
    for (const pause of [...this.#pauses.values(), ...this.#ended]) pause.giveUp();
  }

  /** Lets go on what has waited for sites that are not paused any more: only when the table that says so is in force. */
  resume(): void {
    for (const pause of this.#ended.splice(0)) pause.end();
  }
}
