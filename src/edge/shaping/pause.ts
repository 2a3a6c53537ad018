/** Requests of a site that is paused, in the order in which they came. */
import type { PauseRules } from '../../protocol/traffic-rules.ts';

export class Pause {
  rules: PauseRules;
  readonly #waiting = new Set<() => void>();

  constructor(rules: PauseRules) {
    this.rules = rules;
  }

  get full(): boolean {
    return this.#waiting.size >= this.rules.maxWaiting;
  }

  /** `go`: called when the site goes on. The function returned frees the place. */
  wait(go: () => void): () => void {
    this.#waiting.add(go);
    return () => this.#waiting.delete(go);
  }

  /** Lets all go on. */
  end(): void {
    for (const go of [...this.#waiting]) go();
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

  /** Lets go on what has waited for sites that are not paused any more: only when the table that says so is in force. */
  resume(): void {
    for (const pause of this.#ended.splice(0)) pause.end();
  }
}
