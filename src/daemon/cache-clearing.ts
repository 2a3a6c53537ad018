/** `hold cache clear`: every edge throws out what it keeps of a site, and says how much that was. */
import { HoldfastError } from '../errors.ts';
import type { Clock } from '../kit/clock.ts';
import type { CacheCleared } from '../protocol/api.ts';
import type { Link } from './links.ts';
import { unknownSite } from './pausing.ts';
import type { DesiredState } from './state.ts';

export type EdgeLink = Pick<Link, 'key' | 'send'>;

export interface CacheClearingOptions {
  readonly clock: Clock;
  /** Of the edges that are connected. */
  links(): readonly EdgeLink[];
  state(): Pick<DesiredState, 'sites'>;
}

/** An edge answers at once, unless it is stuck, or of a version that does not know the message. */
const ANSWER_MS = 3000;

interface Waiting {
  readonly missing: Set<string>;
  answers: number;
  readonly done: () => void;
}

export class CacheClearing {
  readonly #options: CacheClearingOptions;
  readonly #waiting = new Map<number, Waiting>();
  #id = 0;

  constructor(options: CacheClearingOptions) {
    this.#options = options;
  }

  /**
   * @param site its host; null = all
   * @throws HoldfastError SITE_UNKNOWN, BAD_REQUEST (it has no cache), BUSY (an edge does not answer)
   */
  async clear(site: string | null): Promise<CacheCleared> {
    const { links, state, clock } = this.#options;
    const { sites } = state();
    if (site !== null && !Object.hasOwn(sites, site)) throw unknownSite(site, Object.keys(sites));
    if (site !== null && !sites[site]?.site.cache)
      throw new HoldfastError('BAD_REQUEST', `Cannot clear the cache of "${site}": it has none`, {
        hint: '`cache: true` in the configuration gives it one',
      });
    const edges = links();
    this.#id += 1;
    const id = this.#id;
    return new Promise((resolve, reject) => {
      const cancel = clock.after(ANSWER_MS, () => {
        this.#waiting.delete(id);
        const who = [...waiting.missing].join(', ');
        reject(new HoldfastError('BUSY', `Cannot clear all caches: ${who} does not answer`));
      });
      const done = () => {
        cancel();
        this.#waiting.delete(id);
        resolve({ site, answers: waiting.answers, edges: edges.length });
      };
      const waiting: Waiting = { missing: new Set(edges.map(({ key }) => key)), answers: 0, done };
      this.#waiting.set(id, waiting);
      for (const edge of edges) edge.send({ type: 'clearCache', id, site });
      if (edges.length === 0) done();
    });
  }

  heard({ key }: EdgeLink, { id, answers }: { readonly id: number; readonly answers: number }): void {
    const waiting = this.#waiting.get(id);
    if (!waiting?.missing.delete(key)) return;
    waiting.answers += answers;
    if (waiting.missing.size === 0) waiting.done();
  }

  /** It has ended, and its cache with it. */
  gone(edge: EdgeLink): void {
    for (const id of [...this.#waiting.keys()]) this.heard(edge, { id, answers: 0 });
  }
}
