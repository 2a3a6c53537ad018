/**
 * Keeps a certificate for every site that wants one by itself: orders it, renews it in time, tries again when that fails, and
 * hands out what there is meanwhile. Decides with `machine.ts`; the conversation with the authority is `order`.
 */
import { createHash } from 'node:crypto';
import type { AcmePlan } from '../../config/plan.ts';
import type { Clock } from '../../kit/clock.ts';
import { formatDuration } from '../../kit/units.ts';
import type { Certificate, CertificateTrouble } from '../certificates.ts';
import type { Journal } from '../journal.ts';
import { type CertificateEvent, type CertificateState, initialState, step, triesOf } from './machine.ts';
import type { Issued } from './order.ts';
import { AcmeProblem } from './problem.ts';
import { type AcmeStore, type Kept, kept } from './store.ts';

export interface OrderRequest {
  readonly plan: AcmePlan;
  readonly names: readonly string[];
  /** What it is going to replace. */
  readonly before: Certificate | null;
  readonly signal: AbortSignal;
}

export interface AcmeOptions {
  readonly clock: Clock;
  /** 0 <= random < 1 */
  random(): number;
  readonly journal: Pick<Journal, 'record'>;
  readonly store: AcmeStore;
  /** The sites that want a certificate, each with its names. */
  wanted(): ReadonlyMap<string, readonly string[]>;
  plan(): AcmePlan;
  /** An edge serves, which the authority can ask. */
  canAnswer(): boolean;
  /** These are the certificates from now on. */
  serve(certificates: readonly Certificate[]): void;
  /** @throws AcmeProblem, or an Error when the authority cannot be reached */
  order(request: OrderRequest): Promise<Issued>;
  /** RFC 9773: when the authority wants it renewed; null = it does not say. */
  advice(plan: AcmePlan, certificate: Certificate, signal: AbortSignal): Promise<number | null>;
}

/** The clock may be set, and stands still while the machine sleeps: it is looked at this often. */
const LOOK_MS = 30_000;
/** Orders at a time. */
const MAX_OPEN = 3;
/** RFC 9773 4.3.3 wants it asked for regularly, such as twice a day. */
const ADVICE_EVERY_MS = 6 * 60 * 60_000;

interface Site {
  readonly id: string;
  readonly names: readonly string[];
  readonly plan: AcmePlan;
  readonly wish: string;
  readonly life: AbortController;
  kept: Kept | null;
  /** Why the last order of this daemon failed. */
  problem: string | null;
  state: CertificateState;
  adviceAt: number;
}

export class Acme {
  readonly #options: AcmeOptions;
  readonly #sites = new Map<string, Site>();
  #cancel: (() => void) | null = null;
  #closed = false;

  constructor(options: AcmeOptions) {
    this.#options = options;
  }

  /** The configuration is another one; also once at the start. */
  changed(): void {
    if (this.#closed) return;
    const plan = this.#options.plan();
    const wanted = this.#options.wanted();
    let isOther = false;
    for (const [id, site] of this.#sites) {
      const names = wanted.get(id);
      if (names && wishOf(plan, names) === site.wish) continue;
      site.life.abort();
      this.#sites.delete(id);
      isOther = true;
    }
    for (const [id, names] of wanted) {
      if (this.#sites.has(id)) continue;
      this.#sites.set(id, this.#open(id, names, plan));
      isOther = true;
    }
    if (isOther) this.#serve();
    this.look();
  }

  /** A person has put something right: what failed is tried again now. */
  retry(): void {
    for (const site of this.#sites.values()) this.#step(site, { type: 'asked' });
    this.look();
  }

  /** Does what is due. Also to be called when an edge can answer now. */
  look(): void {
    if (this.#closed) return;
    const { canAnswer } = this.#options;
    const sites = [...this.#sites.values()];
    for (const site of sites) this.#step(site, { type: 'looked' });
    const open = sites.filter(({ state }) => state.phase === 'ordering').length;
    const due = canAnswer() ? sites.filter(({ state }) => state.phase === 'due').sort(byNeed) : [];
    for (const site of due.slice(0, Math.max(0, MAX_OPEN - open))) void this.#order(site);
    for (const site of sites) this.#askAdvice(site);
    this.#schedule();
  }

  /** For people: sites whose certificate could not be had, and why. */
  get notes(): string[] {
    return this.troubles.map(({ site, text }) => `site "${site}": ${text}`);
  }

  get troubles(): CertificateTrouble[] {
    return [...this.#sites.values()].flatMap(({ id, problem, kept }) => {
      if (problem === null) return [];
      const served = kept ? `; the one until ${isoTime(kept.validity.notAfter)} is served` : '';
      return [{ site: id, text: `no new certificate: ${problem}${served}` }];
    });
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    for (const { life } of this.#sites.values()) life.abort();
    this.#sites.clear();
  }

  /** What is on disk is served whatever it is, and replaced at once when it is not what is wanted. */
  #open(id: string, names: readonly string[], plan: AcmePlan): Site {
    const { clock, store } = this.#options;
    const now = clock.now();
    const wish = wishOf(plan, names);
    const found = store.load(id) ?? null;
    const notes = store.loadNotes(id);
    const fits =
      found?.directory === plan.directory && names.every((name) => found.certificate.names.includes(name));
    const tries = notes?.wish === wish ? notes.tries : null;
    const state = initialState(fits ? found.validity : null, tries, now, this.#options.random());
    const life = new AbortController();
    // Why is not known any more, but that it is so must not be forgotten.
    const problem = tries ? `${tries.tries} orders in a row have failed` : null;
    return { id, names, plan, wish, life, kept: found, problem, state, adviceAt: now };
  }

  async #order(site: Site): Promise<void> {
    const { store, order } = this.#options;
    const { id, names, plan, wish, life } = site;
    this.#step(site, { type: 'began' });
    try {
      // Before all else: when this cannot be written, neither could the certificate.
      store.saveNotes(id, { wish, tries: triesOf(site.state) });
      const before = site.kept?.certificate ?? null;
      const issued = kept(await order({ plan, names, before, signal: life.signal }), plan.directory);
      if (!this.#isCurrent(site)) return;
      this.#obtained(site, issued);
    } catch (error) {
      if (this.#isCurrent(site)) this.#failed(site, error);
    }
    this.look();
  }

  #obtained(site: Site, issued: Kept): void {
    const { store, journal, clock } = this.#options;
    const missing = site.names.filter((name) => !issued.certificate.names.includes(name));
    if (missing.length > 0) throw new Error(`the certificate that came is not for ${missing.join(', ')}`);
    if (issued.validity.notAfter <= clock.now()) {
      const until = new Date(issued.validity.notAfter).toISOString();
      throw new Error(`the certificate that came ended at ${until}: is the clock of this machine right?`);
    }
    const type = site.kept ? 'certificate.renewed' : 'certificate.obtained';
    site.kept = issued;
    site.problem = null;
    site.adviceAt = clock.now() + ADVICE_EVERY_MS;
    this.#step(site, { type: 'obtained', validity: issued.validity });
    this.#serve();
    const notAfter = isoTime(issued.validity.notAfter);
    const data = { site: site.id, names: site.names, notAfter };
    journal.record(type, { reason: `${site.id}, until ${notAfter}`, data });
    try {
      store.save(site.id, issued);
      store.saveNotes(site.id, { wish: site.wish, tries: null });
    } catch (error) {
      // It is served, and the next daemon gets another one.
      journal.record('certificate.failed', {
        reason: `${site.id}: it is served, but cannot be saved: ${words(error)}`,
        data,
      });
    }
  }

  #failed(site: Site, error: unknown): void {
    const { journal, store, clock } = this.#options;
    const retryAfterMs = error instanceof AcmeProblem ? error.retryAfterMs : null;
    this.#step(site, { type: 'failed', retryAfterMs });
    const { tries, at } = site.state;
    const notAfter = site.kept ? isoTime(site.kept.validity.notAfter) : null;
    site.problem = words(error);
    journal.record('certificate.failed', {
      reason: `${site.id}: ${site.problem}; next try in ${formatDuration(at - clock.now())}`,
      data: { site: site.id, names: site.names, tries, retryAt: isoTime(at), notAfter },
    });
    try {
      store.saveNotes(site.id, { wish: site.wish, tries: triesOf(site.state) });
    } catch {
      // What was written when the order began is enough.
    }
  }

  #askAdvice(site: Site): void {
    const { clock, advice } = this.#options;
    const { kept: has, plan, life, state } = site;
    if (!has || state.phase !== 'rests' || state.tries > 0 || clock.now() < site.adviceAt) return;
    site.adviceAt = clock.now() + ADVICE_EVERY_MS;
    advice(plan, has.certificate, life.signal).then(
      (at) => {
        if (at === null || site.kept !== has || !this.#isCurrent(site)) return;
        this.#step(site, { type: 'advised', at });
        this.look();
      },
      // Our own time for it stands.
      () => undefined,
    );
  }

  #isCurrent(site: Site): boolean {
    return this.#sites.get(site.id) === site;
  }

  #serve(): void {
    // For their own site only, whatever else they may be good for.
    const all = [...this.#sites.values()].flatMap(({ names, kept }) => {
      return kept ? [{ ...kept.certificate, names }] : [];
    });
    this.#options.serve(all);
  }

  #step(site: Site, event: CertificateEvent): void {
    site.state = step(site.state, event, this.#options.clock.now(), this.#options.random());
  }

  #schedule(): void {
    const { clock } = this.#options;
    this.#cancel?.();
    this.#cancel = null;
    if (this.#sites.size === 0) return;
    const resting = [...this.#sites.values()].filter(({ state }) => state.phase === 'rests');
    const next = Math.min(...resting.map(({ state }) => state.at)) - clock.now();
    this.#cancel = clock.after(Math.max(1, Math.min(LOOK_MS, next)), () => this.look());
  }
}

/** Those that have nothing to serve first, then what ends first. */
function byNeed(a: Site, b: Site): number {
  return (a.kept?.validity.notAfter ?? 0) - (b.kept?.validity.notAfter ?? 0);
}

/** Of what is worth a try at once when it is another; a hash, because the plan may hold a secret. */
function wishOf(plan: AcmePlan, names: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([names, plan]))
    .digest('base64url');
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
