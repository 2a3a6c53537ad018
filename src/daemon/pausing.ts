/**
 * `hold pause` and `hold resume`: requests of a site wait in the edge. It is part of the wish, so that it outlives the daemon, the edge
 * and every `up`, and ends only when somebody resumes it, or the site goes.
 */
import { nearest } from '../config/suggest.ts';
import { HoldfastError } from '../errors.ts';
import type { PauseRequest, SiteView } from '../protocol/api.ts';
import type { PauseRules } from '../protocol/traffic-rules.ts';
import { destinations } from './edge-table.ts';
import type { Journal } from './journal.ts';
import type { DesiredState, DesiredStore, StoredSite } from './state.ts';

export const pauseDefaults: PauseRules = { timeoutMs: 30_000, maxWaiting: 10_000 };

const TIMEOUT_MAX_MS = 3_600_000;
const WAITING_MAX = 100_000;

export interface PausingOptions {
  readonly store: Pick<DesiredStore, 'state' | 'edit'>;
  readonly journal: Pick<Journal, 'record'>;
  /** In ms since the epoch. */
  now(): number;
  /** Resolves when the edges do as the wish says. */
  settled(): Promise<void>;
}

export class Pausing {
  readonly #options: PausingOptions;

  constructor(options: PausingOptions) {
    this.#options = options;
  }

  view(): SiteView[] {
    return Object.values(this.#options.store.state.sites).map(siteView);
  }

  /** Resolves when no edge passes on requests of this site. A site that is paused already gets other limits. */
  async pause(host: string, given: PauseRequest): Promise<SiteView> {
    const { journal, now, settled } = this.#options;
    const rules = rulesOf(host, given);
    const { pausedAt = new Date(now()).toISOString() } = this.#site(host);
    this.#edit(host, (stored) => ({ ...stored, paused: rules, pausedAt }));
    journal.record('site.paused', { data: { site: host, ...rules } });
    await settled();
    return siteView(this.#site(host));
  }

  /** Resolves when its requests go on. */
  async resume(host: string): Promise<SiteView> {
    const { journal, now, settled } = this.#options;
    const { paused, pausedAt } = this.#site(host);
    if (!paused) return siteView(this.#site(host));
    this.#edit(host, ({ site, source }) => ({ site, source }));
    const tookMs = pausedAt === undefined ? null : now() - Date.parse(pausedAt);
    journal.record('site.resumed', { data: { site: host, ...(tookMs !== null && { tookMs }) } });
    await settled();
    return siteView(this.#site(host));
  }

  #site(host: string): StoredSite {
    const { sites } = this.#options.store.state;
    const stored = Object.hasOwn(sites, host) ? sites[host] : undefined;
    if (stored) return stored;
    throw unknownSite(host, Object.keys(sites));
  }

  #edit(host: string, change: (stored: StoredSite) => StoredSite): void {
    this.#options.store.edit((state) => {
      const stored = state.sites[host];
      return stored ? { ...state, sites: { ...state.sites, [host]: change(stored) } } : state;
    });
  }
}

export function unknownSite(host: string, hosts: readonly string[]): HoldfastError {
  const known =
    hosts.length === 0 ? 'there are none' : `there are ${hosts.map((one) => `"${one}"`).join(', ')}`;
  const near = nearest(host, hosts);
  const hint = near === undefined ? {} : { hint: `Did you mean "${near}"?` };
  return new HoldfastError('SITE_UNKNOWN', `There is no site "${host}": ${known}`, hint);
}

/** What a person should know of those of these sites that are paused. */
export function pauseNotes({ sites }: Pick<DesiredState, 'sites'>, hosts: readonly string[]): string[] {
  return hosts.flatMap((host) => {
    const { paused, pausedAt } = sites[host] ?? {};
    if (!paused) return [];
    const since = pausedAt === undefined ? '' : ` since ${pausedAt.slice(0, 19).replace('T', ' ')} UTC`;
    return [
      `site ${host} is paused${since}: its requests wait, for at most ${paused.timeoutMs / 1000} s; \`hold resume ${host}\` lets them go on`,
    ];
  });
}

function siteView({ site, source, paused, pausedAt }: StoredSite): SiteView {
  const all = site.routes.flatMap((route) => destinations({ ...route, mirror: null }));
  const apps = [...new Set(all.flatMap((to) => (to.kind === 'app' ? [to.app] : [])))];
  return { host: site.host, source, apps, paused: paused ? { ...paused, since: pausedAt ?? null } : null };
}

function rulesOf(host: string, { timeoutMs, maxWaiting }: PauseRequest): PauseRules {
  return {
    timeoutMs: checked(host, 'timeoutMs', timeoutMs ?? pauseDefaults.timeoutMs, TIMEOUT_MAX_MS),
    maxWaiting: checked(host, 'maxWaiting', maxWaiting ?? pauseDefaults.maxWaiting, WAITING_MAX),
  };
}

function checked(host: string, name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new HoldfastError(
    'BAD_REQUEST',
    `Cannot pause "${host}" with ${name} "${value}": it must be a whole number from 1 to ${most}`,
  );
}
