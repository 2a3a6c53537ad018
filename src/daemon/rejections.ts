/** Sites whose certificate no client takes, as the edges see it: one event when that begins, and a note as long as it is so. */
import type { Rejection } from '../protocol/link.ts';
import type { CertificateTrouble } from './certificates.ts';
import type { Journal } from './journal.ts';

export interface RejectionsOptions {
  readonly journal: Pick<Journal, 'record'>;
  /** The process of a link (`@edge.0#3`) is there. */
  isAlive(edge: string): boolean;
}

export class Rejections {
  readonly #options: RejectionsOptions;
  readonly #edges = new Map<string, readonly Rejection[]>();

  constructor(options: RejectionsOptions) {
    this.#options = options;
  }

  heard(edge: string, rejections: readonly Rejection[]): void {
    const known = new Set(this.#all.map(({ site }) => site));
    this.#edges.set(edge, rejections);
    for (const { site, reason } of rejections) {
      if (known.has(site)) continue;
      this.#options.journal.record('certificate.rejected', { reason: `${site}: ${reason}`, data: { site } });
    }
  }

  get notes(): string[] {
    return this.troubles.map(({ site, text }) => `site ${site}: ${text}`);
  }

  get troubles(): CertificateTrouble[] {
    const bySite = new Map(this.#all.map(({ site, reason }) => [site, reason]));
    return [...bySite].map(([site, reason]) => ({
      site,
      text: `nobody connects by TLS any more: ${reason}`,
    }));
  }

  get #all(): Rejection[] {
    for (const edge of this.#edges.keys()) if (!this.#options.isAlive(edge)) this.#edges.delete(edge);
    return [...this.#edges.values()].flat();
  }
}
