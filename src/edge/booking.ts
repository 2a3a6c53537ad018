/** What becomes of one request, for the counts and for the access log. Whoever learns something of it puts it in here. */
import type { Edge } from './edge.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { SiteTraffic } from './traffic.ts';

export class Booking {
  /** Prefix of the route. */
  route = '';
  /** Name of the pool, that is of the app. */
  pool = '';
  /** The target that had it last. */
  target = '';
  /** How often it was sent to an app. */
  attempts = 0;
  site: SiteTraffic | undefined;
  readonly #edge: Edge;
  /** As it came. */
  readonly #asked: RequestHead;
  readonly #ip: string;
  readonly #requestId: string;
  readonly #startedAt: number;
  #over = false;

  /** @param ip of the client, after trust */
  constructor(edge: Edge, asked: RequestHead, ip: string, requestId = '') {
    this.#edge = edge;
    this.#asked = asked;
    this.#ip = ip;
    this.#requestId = requestId;
    this.#startedAt = edge.accessLog ? performance.now() : 0;
  }

  /** @param host of the site, in the table */
  arrived(host: string): void {
    this.site = this.#edge.traffic.of(host);
    this.site.requests++;
    this.site.openRequests++;
  }

  /** Only the first time counts. `bytes`: of the body; `by`: who answered, or why nobody did. */
  close(status: number, bytes: number, by: string): void {
    if (this.#over) return;
    this.#over = true;
    if (this.site) {
      this.site.openRequests--;
      if (status >= 500) this.site.errors5xx++;
    }
    const { accessLog } = this.#edge;
    if (!accessLog) return;
    const { method, target, host } = this.#asked;
    const ms = performance.now() - this.#startedAt;
    accessLog.add({
      ip: this.#ip,
      host,
      method,
      target,
      status,
      bytes,
      ms,
      by,
      requestId: this.#requestId,
    });
  }
}
