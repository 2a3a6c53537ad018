/**
 * What the authorities say of the certificates that are served, for the handshakes: asked for in the background, checked, kept on
 * disk, and asked for again long before it ends. Whatever goes wrong with that, certificates are served; without an answer
 * that is good nothing is put beside them.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import type { Clock } from '../../kit/clock.ts';
import type { EventType } from '../../protocol/events.ts';
import type { Certificate } from '../certificates.ts';
import type { Ask } from './ask.ts';
import { type OcspAnswer, ocspQuestion, readOcspAnswer } from './message.ts';
import { type Stapling, staplingOf } from './subject.ts';

export interface Staple {
  /** DER, base64. */
  readonly response: string;
  /** Clients believe it until then, in ms since the epoch. */
  readonly until: number;
}

export interface StaplesOptions {
  readonly clock: Clock;
  /** 0 <= random < 1 */
  random(): number;
  /** Where answers are kept. */
  readonly dir: string;
  readonly ask: Ask;
  record(type: EventType, event: { reason: string; data: Readonly<Record<string, unknown>> }): void;
  /** There are other staples. */
  onChange(): void;
}

/** The clock may be set, and stands still while the machine sleeps: it is looked at this often. */
const LOOK_MS = 60_000;
const MAX_OPEN = 3;
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 3_600_000;
/** After so many tries in vain people hear of a certificate that is not taken without. */
const TRIES_BEFORE_WORD = 3;

interface Entry {
  readonly id: string;
  readonly names: readonly string[];
  readonly stapling: Stapling;
  readonly life: AbortController;
  staple: Staple | null;
  asking: boolean;
  /** When to ask next. */
  at: number;
  tries: number;
  problem: string | null;
  told: boolean;
}

export class Staples {
  readonly #options: StaplesOptions;
  /** By the PEM of the certificate. */
  readonly #entries = new Map<string, Entry>();
  #cancel: (() => void) | null = null;
  #closed = false;

  constructor(options: StaplesOptions) {
    this.#options = options;
  }

  /** These are served now. */
  changed(certificates: readonly Certificate[]): void {
    if (this.#closed) return;
    const wanted = new Map(certificates.map((certificate) => [certificate.certPem, certificate.names]));
    for (const [certPem, { life }] of this.#entries) {
      if (wanted.has(certPem)) continue;
      life.abort();
      this.#entries.delete(certPem);
    }
    for (const [certPem, names] of wanted) {
      if (!this.#entries.has(certPem)) this.#entries.set(certPem, this.#open(certPem, names));
    }
    this.look();
  }

  get(certPem: string): Staple | undefined {
    const staple = this.#entries.get(certPem)?.staple;
    return staple && staple.until > this.#options.clock.now() ? staple : undefined;
  }

  /** For people: what clients may take amiss. */
  get notes(): string[] {
    return [...this.#entries.values()].flatMap((entry) => {
      if (entry.problem === null || (!entry.told && this.#isFresh(entry))) return [];
      return [`site "${entry.names.join(', ')}": ${entry.problem}`];
    });
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    for (const { life } of this.#entries.values()) life.abort();
    this.#entries.clear();
  }

  /** Asks where it is time to. */
  look(): void {
    if (this.#closed) return;
    const now = this.#options.clock.now();
    const entries = [...this.#entries.values()];
    const open = entries.filter(({ asking }) => asking).length;
    const due = entries.filter(({ asking, at }) => !asking && at <= now);
    for (const entry of due.slice(0, Math.max(0, MAX_OPEN - open))) void this.#ask(entry);
    this.#schedule();
  }

  #open(certPem: string, names: readonly string[]): Entry {
    const { clock } = this.#options;
    const stapling = staplingOf(certPem);
    const { required, subject } = stapling;
    const id = createHash('sha256').update(certPem).digest('hex').slice(0, 32);
    const hopeless = required && !subject;
    const entry: Entry = {
      id,
      names,
      stapling,
      life: new AbortController(),
      staple: null,
      asking: false,
      at: subject ? clock.now() : Number.POSITIVE_INFINITY,
      tries: 0,
      problem: null,
      told: false,
    };
    if (hopeless)
      this.#warn(
        entry,
        'its certificate is only good with an OCSP answer beside it (must-staple), and cannot be asked about: it names no responder, or the certificate of its authority is missing in the chain',
      );
    else if (subject) this.#load(entry);
    return entry;
  }

  /** What an earlier daemon was answered. */
  #load(entry: Entry): void {
    const { clock } = this.#options;
    const { subject } = entry.stapling;
    if (!subject) return;
    try {
      const response = Buffer.from(readFileSync(this.#path(entry.id), 'latin1'), 'base64');
      const answer = readOcspAnswer(response, subject, clock.now());
      if (answer.status === 'good') this.#take(entry, response, answer);
    } catch {
      // There is none, or it is old: a new one comes.
    }
  }

  async #ask(entry: Entry): Promise<void> {
    const { ask, clock, onChange } = this.#options;
    const { subject } = entry.stapling;
    if (!subject) return;
    entry.asking = true;
    try {
      const response = await ask(subject.url, ocspQuestion(subject), entry.life.signal);
      const answer = readOcspAnswer(response, subject, clock.now());
      if (!this.#isCurrent(entry)) return;
      if (answer.status === 'revoked') this.#revoked(entry, answer.at);
      else {
        this.#take(entry, response, answer);
        this.#save(entry);
      }
      onChange();
    } catch (error) {
      if (this.#isCurrent(entry)) this.#failed(entry, error instanceof Error ? error.message : String(error));
    } finally {
      entry.asking = false;
    }
    this.look();
  }

  #take(entry: Entry, response: Buffer, answer: Extract<OcspAnswer, { status: 'good' }>): void {
    const { clock, random } = this.#options;
    const { thisUpdate, nextUpdate } = answer;
    entry.staple = { response: response.toString('base64'), until: nextUpdate };
    // At half of its life; a little later or earlier, so that not all come at once.
    const half = thisUpdate + (nextUpdate - thisUpdate) * (0.5 + 0.1 * (random() - 0.5));
    entry.at = Math.max(half, clock.now() + FIRST_RETRY_MS);
    entry.tries = 0;
    entry.problem = null;
    entry.told = false;
  }

  #revoked(entry: Entry, at: number | null): void {
    const { clock } = this.#options;
    entry.staple = null;
    entry.at = clock.now() + LONGEST_RETRY_MS;
    rmSync(this.#path(entry.id), { force: true });
    const when = at === null ? '' : ` since ${new Date(at).toISOString()}`;
    this.#warn(entry, `its certificate is revoked${when}, says its authority: clients may refuse it`);
  }

  #failed(entry: Entry, why: string): void {
    const { clock, random } = this.#options;
    entry.tries++;
    const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (entry.tries - 1));
    entry.at = clock.now() + pause * (0.8 + 0.4 * random());
    const problem = `no OCSP answer from "${entry.stapling.subject?.url}": ${why}`;
    const isHeard = entry.stapling.required && entry.tries >= TRIES_BEFORE_WORD;
    if (!isHeard || this.#isFresh(entry)) {
      entry.problem = problem;
      return;
    }
    this.#warn(entry, `its certificate is only good with an OCSP answer beside it (must-staple): ${problem}`);
  }

  #warn(entry: Entry, problem: string): void {
    entry.problem = problem;
    if (entry.told) return;
    entry.told = true;
    const [site = ''] = entry.names;
    this.#options.record('certificate.doubtful', { reason: `${site}: ${problem}`, data: { site } });
  }

  /** There is an answer, and time enough to get the next one. */
  #isFresh({ staple }: Entry): boolean {
    return staple !== null && staple.until > this.#options.clock.now();
  }

  #isCurrent(entry: Entry): boolean {
    return [...this.#entries.values()].includes(entry);
  }

  /** And takes away those of certificates that are gone. */
  #save({ id, staple }: Entry): void {
    const { dir } = this.#options;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      writeAtomicSync(this.#path(id), staple?.response ?? '');
      const known = new Set([...this.#entries.values()].map((entry) => `${entry.id}.ocsp`));
      for (const name of readdirSync(dir)) {
        if (name.endsWith('.ocsp') && !known.has(name)) rmSync(join(dir, name), { force: true });
      }
    } catch {
      // It is in memory, and the next daemon asks again.
    }
  }

  #path(id: string): string {
    return join(this.#options.dir, `${id}.ocsp`);
  }

  #schedule(): void {
    const { clock } = this.#options;
    this.#cancel?.();
    this.#cancel = null;
    // What is due already waits for an answer to another question to come.
    const times = [...this.#entries.values()].map(({ at }) => at).filter((at) => at > clock.now());
    const next = Math.min(...times);
    if (this.#closed || !Number.isFinite(next)) return;
    this.#cancel = clock.after(Math.max(1, Math.min(LOOK_MS, next - clock.now())), () => this.look());
  }
}
