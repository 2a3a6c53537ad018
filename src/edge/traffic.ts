/** What went over each site, for the live view. */
import type { TrafficCount } from '../protocol/link.ts';

export interface SiteTraffic {
  requests: number;
  errors5xx: number;
  openRequests: number;
  openWebSockets: number;
}

export class Traffic {
  readonly #sites = new Map<string, SiteTraffic>();
  #told = '{}';

  /** The counts of a site, by its name in the table. */
  of(host: string): SiteTraffic {
    let site = this.#sites.get(host);
    if (!site) {
      site = { requests: 0, errors5xx: 0, openRequests: 0, openWebSockets: 0 };
      this.#sites.set(host, site);
    }
    return site;
  }

  /** Everything since the start, if it is not what was told before. */
  changed(): Readonly<Record<string, TrafficCount>> | undefined {
    const sites = Object.fromEntries(this.#sites);
    const text = JSON.stringify(sites);
    if (text === this.#told) return undefined;
    this.#told = text;
    return sites;
  }

  /** Whoever listened is another one now, and knows nothing. */
  forgetTold(): void {
    this.#told = '{}';
  }
}
