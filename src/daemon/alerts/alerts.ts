/** Looks at what is found, tells what is new of it in the journal, and remembers over daemons what was told. */
import { readFileSync } from 'node:fs';
import type { AlertRules } from '../../config/plan.ts';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import type { CertificateView } from '../../protocol/certificates.ts';
import type { HealthView } from '../../protocol/dashboard.ts';
import type { Journal } from '../journal.ts';
import type { Reading } from '../metrics/reading.ts';
import { type Raised, step } from './board.ts';
import type { Finding } from './finding.ts';
import {
  appFindings,
  certificateFindings,
  type DiskPoint,
  diskFindings,
  type ErrorWindow,
  errorFindings,
  type SiteCounts,
  WINDOW_MS,
} from './rules.ts';

export interface AlertsOptions {
  readonly journal: Pick<Journal, 'record'>;
  /** What was told is kept here. */
  readonly file: string;
  readonly home: string;
  /** null: the home. */
  rulesFor(about: { readonly app: string } | { readonly site: string } | null): AlertRules;
  /** Of the last hours. */
  disk(): readonly DiskPoint[];
}

/** A blocked event loop is over when there was none for so long. */
const BLOCKED_MS = 600_000;
/** Between two counts that are kept, however often it is looked. */
const LEAST_STEP_MS = 5_000;

export class Alerts {
  readonly #options: AlertsOptions;
  #raised: readonly Raised[];
  /** By app: when one of its instances was replaced for a blocked event loop. */
  readonly #blocked = new Map<string, { readonly at: number; readonly reason: string }>();
  /** What sites had counted, oldest first. */
  #past: { readonly at: number; readonly sites: ReadonlyMap<string, SiteCounts> }[] = [];

  constructor(options: AlertsOptions) {
    this.#options = options;
    this.#raised = read(options.file);
    for (const { kind, subject, since, text } of this.#raised)
      if (kind === 'watchdog.blocked') this.#blocked.set(subject, { at: since, reason: text });
  }

  get health(): HealthView {
    const problems = this.#raised.map(({ since, kind, subject, level, text }) => ({
      ...{ level, kind, subject, text },
      since: new Date(since).toISOString(),
    }));
    const isFailing = problems.some(({ level }) => level === 'failing');
    return { status: isFailing ? 'failing' : problems.length > 0 ? 'warning' : 'ok', problems };
  }

  /** The watchdog found the event loop of an instance blocked. */
  blocked(app: string, reason: string, at: number): void {
    this.#blocked.set(app, { at, reason });
  }

  look(reading: Reading, certificates: readonly CertificateView[]): void {
    const { journal, file } = this.#options;
    const findings = this.#findings(reading, certificates);
    const { raised, told } = step(this.#raised, findings, reading.at);
    this.#raised = raised;
    for (const { type, alert, isAgain } of told) {
      const { kind, subject, text, level } = alert;
      journal.record(type, {
        ...(kind === 'app.failed' || kind === 'watchdog.blocked' ? { app: subject } : {}),
        reason: type === 'alert.cleared' ? `it was: ${text}` : text,
        data: { kind, subject, text, level, ...(isAgain && { again: true }) },
      });
    }
    if (told.length === 0) return;
    try {
      writeAtomicSync(file, JSON.stringify(raised), { sync: false });
    } catch {
      // The next daemon may tell once more what is still so.
    }
  }

  #findings({ at, apps, host, traffic }: Reading, certificates: readonly CertificateView[]): Finding[] {
    const { home, disk, rulesFor } = this.#options;
    const ofApp = (app: string) => rulesFor({ app });
    const ofSite = (site: string) => rulesFor({ site });
    return [
      ...appFindings(apps, ofApp),
      ...certificateFindings(certificates, at, ofSite),
      ...diskFindings(home, host, disk(), rulesFor(null).diskFreeShare),
      ...(traffic ? errorFindings(this.#window(at, traffic), ofSite) : []),
      ...this.#blockedFindings(at, new Set(apps.map(({ name }) => name))),
    ];
  }

  #blockedFindings(at: number, apps: ReadonlySet<string>): Finding[] {
    return [...this.#blocked].flatMap(([subject, { at: when, reason: text }]): Finding[] => {
      if (at - when < BLOCKED_MS && apps.has(subject) && this.#options.rulesFor({ app: subject }).watchdog)
        return [{ kind: 'watchdog.blocked', subject, state: 'bad', level: 'warning', text }];
      this.#blocked.delete(subject);
      return [];
    });
  }

  #window(at: number, { routes }: NonNullable<Reading['traffic']>): ErrorWindow {
    const now = new Map<string, SiteCounts>();
    for (const { site, counts } of routes) {
      const { requests, errors } = now.get(site) ?? { requests: 0, errors: 0 };
      now.set(site, { requests: requests + counts.requests, errors: errors + (counts.status[4] ?? 0) });
    }
    // Of those before the window one stays, from which it is counted.
    const first = this.#past.findLastIndex((one) => at - one.at >= WINDOW_MS);
    const [then, ...between] = this.#past.slice(Math.max(0, first));
    const kept = [...(then ? [then] : []), ...between];
    const last = kept.at(-1);
    // Before the edge has told anything, there is nothing that later counts could be compared with.
    const isKept = last ? at - last.at >= LEAST_STEP_MS : now.size > 0;
    this.#past = isKept ? [...kept, { at, sites: now }] : kept;
    const sites = new Map<string, SiteCounts>();
    // Of a site of which an older daemon had told, nobody may have heard anything yet.
    for (const { kind, subject } of this.#raised)
      if (kind === 'errors.many' && first < 0) sites.set(subject, { requests: 0, errors: 0 });
    for (const [site, { requests, errors }] of now) {
      const was = then?.sites.get(site) ?? (then ? { requests: 0, errors: 0 } : { requests, errors });
      // A route that went has taken its counts along.
      sites.set(site, {
        requests: Math.max(0, requests - was.requests),
        errors: Math.max(0, errors - was.errors),
      });
    }
    return { sites, isWhole: first >= 0 };
  }
}

function read(file: string): readonly Raised[] {
  try {
    const raised = JSON.parse(readFileSync(file, 'utf8')) as Raised[];
    return Array.isArray(raised)
      ? raised.filter(({ kind, subject, since }) => kind && subject && typeof since === 'number')
      : [];
  } catch {
    return [];
  }
}
