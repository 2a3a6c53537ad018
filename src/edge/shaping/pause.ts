/** Requests of a site that is paused, in the order in which they came. */
import type { PauseRules } from '../../protocol/traffic-rules.ts';

/** More requests than there were before that may be under way while those that waited go on: an app takes only so many at once. */
const AT_ONCE = 256;
/** But so many go on in each step, whatever is under way: it may be streams that never end. */
const AT_LEAST = 16;
const STEP_MS = 20;

interface Waiting {
  /** The site goes on. */
  go(): void;
  /** It will not, as far as this edge is concerned. */
  giveUp(): void;
  /** The site goes on, and so will this one in its turn: what it has waited so far does not count any more. */
  extend(): void;
}

/** What it takes to let requests go on one after the other. */
export interface Pace {
  after(ms: number, step: () => void): void;
  /** Requests of a site that are under way. */
  open(host: string): number;
}

export class Pause {
  rules: PauseRules;
  /** False: the site goes on, and so do those that wait. */
  holds = true;
  readonly #waiting = new Set<Waiting>();
  #ending = false;

  constructor(rules: PauseRules) {
    this.rules = rules;
  }

  get full(): boolean {
    return this.#waiting.size >= this.rules.maxWaiting;
  }

  get empty(): boolean {
    return this.#waiting.size === 0;
  }

  /** The function returned frees the place; whoever goes on has to do that, too. */
  wait(waiting: Waiting): () => void {
    this.#waiting.add(waiting);
    return () => this.#waiting.delete(waiting);
  }

  /** Lets all go on, in order, as fast as they are answered; until it holds again. */
  end(after: Pace['after'], open: () => number): void {
    if (this.#ending) return;
    for (const waiting of this.#waiting) waiting.extend();
    const most = open() + AT_ONCE;
    const step = () => {
      this.#ending = !this.holds && !this.empty;
      if (!this.#ending) return;
      const count = Math.max(AT_LEAST, most - open());
      for (const waiting of [...this.#waiting].slice(0, count)) waiting.go();
      after(STEP_MS, step);
    };
    step();
  }

  giveUp(): void {
    for (const waiting of [...this.#waiting]) waiting.giveUp();
  }
}

/** The pauses of all sites, over all tables. */
export class Pauses {
  readonly #pauses = new Map<string, Pause>();

  /** @param paused hosts of the sites that are paused now */
  follow(paused: ReadonlyMap<string, PauseRules>): void {
    for (const [host, pause] of this.#pauses) {
      pause.holds = paused.has(host);
      if (!pause.holds && pause.empty) this.#pauses.delete(host);
    }
    for (const [host, rules] of paused) {
      const pause = this.#pauses.get(host) ?? new Pause(rules);
      pause.rules = rules;
      this.#pauses.set(host, pause);
    }
  }

  of(host: string): Pause | undefined {
    const pause = this.#pauses.get(host);
    return pause?.holds ? pause : undefined;
  }

  /** This edge ends: better an answer than none. */
  giveUp(): void {
    for (const pause of this.#pauses.values()) pause.giveUp();
  }

  /** Lets go on what has waited for sites that are not paused any more: only when the table that says so is in force. */
  resume({ after, open }: Pace): void {
    for (const [host, pause] of this.#pauses) if (!pause.holds) pause.end(after, () => open(host));
  }
}
