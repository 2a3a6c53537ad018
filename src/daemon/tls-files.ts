/**
 * What sites name files for: certificates, and the authorities of their clients. Read at the start and when a site says so, looked at now and then, read again when they have changed.
 * What cannot be used is told, and what was in force before stays so. Looking (stat) instead of watching, because certificates
 * are usually links to files elsewhere, and mounts of secrets, both of which watchers miss.
 */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { SitePlan, SiteTlsPlan } from '../config/plan.ts';
import { coversHost, readCertificate, readChain } from '../kit/certificate.ts';
import type { Clock } from '../kit/clock.ts';
import { formatDuration } from '../kit/units.ts';
import type { EventType } from '../protocol/events.ts';
import type { Certificate, CertificateTrouble } from './certificates.ts';

const LOOK_MS = 2_000;
/** By then it should have been renewed. */
const SOON_MS = 14 * 24 * 3600 * 1000;

export interface TlsFilesOptions {
  readonly clock: Clock;
  sites(): readonly SitePlan[];
  record(type: EventType, event: { reason?: string; data: Readonly<Record<string, unknown>> }): void;
  /** Other certificates are in force, or other authorities of clients. */
  onChange(certificates: readonly Certificate[], clientAuthorities: Readonly<Record<string, string>>): void;
}

/** One site, and what was made of its files. */
interface Entry {
  readonly host: string;
  readonly plan: SiteTlsPlan;
  /** What `stat` said of the files just before they were last read. */
  seen: string;
  /** What it said at the last look. */
  moved: string;
  /** They were of no use when they were last read. */
  broken: string | null;
  certificate: (Certificate & { readonly subjects: readonly string[]; readonly notBefore: number }) | null;
  authorities: string | null;
  /** Told already. */
  doubt: Doubted | null;
}

export class TlsFiles {
  readonly #options: TlsFilesOptions;
  readonly #entries = new Map<string, Entry>();
  #cancel: (() => void) | null = null;
  #closed = false;

  constructor(options: TlsFilesOptions) {
    this.#options = options;
  }

  /** Sites may have come, gone, or name other files. What is new is in force when this returns. */
  changed(): void {
    const wanted = new Map<string, SiteTlsPlan>();
    for (const { host, tls } of this.#options.sites())
      if (tls && filesOf(tls).length > 0) wanted.set(host, tls);
    let changed = false;
    for (const [host, { plan }] of this.#entries) {
      if (JSON.stringify(wanted.get(host)) === JSON.stringify(plan)) continue;
      this.#entries.delete(host);
      changed = true;
    }
    for (const [host, plan] of wanted) {
      if (this.#entries.has(host)) continue;
      const entry: Entry = {
        host,
        plan,
        seen: '',
        moved: '',
        broken: null,
        certificate: null,
        authorities: null,
        doubt: null,
      };
      this.#entries.set(host, entry);
      this.#read(entry);
      changed = true;
    }
    if (changed) this.#tell();
    this.#schedule();
  }

  /** Reads all files again, changed or not. */
  reload(): void {
    const changes = [...this.#entries.values()].map((entry) => this.#read(entry));
    if (changes.includes(true)) this.#tell();
  }

  /** For people: what is not as it should be. */
  get notes(): string[] {
    return [...this.#entries.values()].flatMap((entry) =>
      [brokenIn(entry), entry.doubt?.kind].flatMap((text) =>
        text === undefined ? [] : [`site "${entry.host}": ${text}`],
      ),
    );
  }

  /** The same, without what the end of a certificate says by itself. */
  get troubles(): CertificateTrouble[] {
    return [...this.#entries.values()].flatMap((entry) => {
      const doubt = entry.doubt?.isOfAge ? undefined : entry.doubt?.kind;
      return [brokenIn(entry), doubt].flatMap((text) =>
        text === undefined ? [] : [{ site: entry.host, text }],
      );
    });
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#closed || this.#entries.size === 0) return;
    this.#cancel = this.#options.clock.after(LOOK_MS, () => {
      void this.look().finally(() => this.#schedule());
    });
  }

  /** Reads what has changed since it was last read. */
  async look(): Promise<void> {
    let changed = false;
    for (const entry of [...this.#entries.values()]) {
      const seen = await signatureOf(filesOf(entry.plan));
      if (this.#entries.get(entry.host) !== entry) continue;
      // Only what has come to rest: a certificate and its key are written one after the other.
      if (seen !== entry.seen && seen === entry.moved && this.#read(entry)) changed = true;
      entry.moved = seen;
      this.#doubt(entry);
    }
    if (changed) this.#tell();
  }

  /** @returns whether something else is in force now */
  #read(entry: Entry): boolean {
    const { host, plan } = entry;
    entry.seen = filesOf(plan).map(statNow).map(describeStats).join(', ');
    const found = read(plan);
    if ('problem' in found) {
      if (entry.broken !== found.problem) {
        const reason = `${host}: ${found.problem}`;
        this.#options.record('certificate.refused', { reason, data: { site: host } });
      }
      entry.broken = found.problem;
      return false;
    }
    entry.broken = null;
    const { certificate, authorities } = found;
    const isSame =
      entry.certificate?.certPem === certificate?.certPem &&
      entry.certificate?.keyPem === certificate?.keyPem &&
      entry.authorities === authorities;
    if (isSame) return false;
    entry.certificate = certificate && { ...certificate, names: [host] };
    entry.authorities = authorities;
    if (!certificate) return true;
    const until = new Date(certificate.notAfter).toISOString();
    this.#options.record('certificate.loaded', {
      reason: `${host}, until ${until}`,
      data: { site: host, names: certificate.subjects, notAfter: until },
    });
    this.#doubt(entry);
    return true;
  }

  /** A certificate that browsers will not take is served all the same: without it there would be nothing at all. */
  #doubt(entry: Entry): void {
    const { host, certificate } = entry;
    const doubt = certificate && doubtOf(host, certificate, this.#options.clock.now());
    if (doubt?.kind === entry.doubt?.kind) return;
    entry.doubt = doubt;
    if (doubt) this.#options.record('certificate.doubtful', { reason: doubt.words, data: { site: host } });
  }

  #tell(): void {
    const entries = [...this.#entries.values()];
    const authorities = entries.flatMap(({ host, authorities: pem }) => (pem === null ? [] : [[host, pem]]));
    this.#options.onChange(
      entries.flatMap(({ certificate }) => certificate ?? []),
      Object.fromEntries(authorities) as Record<string, string>,
    );
  }
}

function filesOf({ certificate, clients }: SiteTlsPlan): string[] {
  const own = certificate.from === 'files' ? [certificate.cert, certificate.key, certificate.ca] : [];
  return [...own, clients?.ca ?? null].filter((path) => path !== null);
}

/** Follows links. A file that is not there has a signature, too. */
async function signatureOf(paths: readonly string[]): Promise<string> {
  const all = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  return all.map(describeStats).join(', ');
}

function statNow(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function describeStats(stats: Stats | undefined): string {
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs}` : '-';
}

interface Found {
  /** null: it is from elsewhere. */
  readonly certificate: Omit<NonNullable<Entry['certificate']>, 'names'> | null;
  /** Of clients. */
  readonly authorities: string | null;
}

function read({ certificate, clients }: SiteTlsPlan): Found | { readonly problem: string } {
  try {
    const authorities = clients ? readFileSync(clients.ca, 'utf8') : null;
    const chain = authorities === null ? [] : readChain(authorities);
    if (typeof chain === 'string') return { problem: `"${clients?.ca}" ${chain}` };
    if (certificate.from === 'acme') return { certificate: null, authorities };
    const { cert, key, ca } = certificate;
    const between = ca === null ? '' : `\n${readFileSync(ca, 'utf8')}`;
    const certPem = readFileSync(cert, 'utf8') + between;
    const keyPem = readFileSync(key, 'utf8');
    const facts = readCertificate(certPem, keyPem);
    if ('problem' in facts) return { problem: `"${facts.part === 'key' ? key : cert}" ${facts.problem}` };
    // What OpenSSL has against it, such as a key that is too short, is better known now.
    createSecureContext({ cert: certPem, key: keyPem, ...(authorities !== null && { ca: authorities }) });
    const { names: subjects, notAfter, notBefore } = facts;
    return { certificate: { certPem, keyPem, subjects, notAfter, notBefore }, authorities };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function brokenIn({ broken, certificate, authorities }: Entry): string | undefined {
  if (broken === null) return undefined;
  const stays = certificate ? '; the one before is served' : authorities ? '; those before are in force' : '';
  return broken + stays;
}

interface Doubted {
  readonly kind: string;
  /** It is too old, or soon will be. */
  readonly isOfAge: boolean;
  readonly words: string;
}

function doubtOf(
  host: string,
  { subjects, notAfter, notBefore }: NonNullable<Entry['certificate']>,
  now: number,
): Doubted | null {
  const date = new Date(notAfter).toISOString().slice(0, 10);
  if (now > notAfter)
    return {
      isOfAge: true,
      kind: `its certificate has expired on ${date}`,
      words: `the certificate of "${host}" has expired on ${date}`,
    };
  if (now < notBefore) {
    const from = new Date(notBefore).toISOString();
    return {
      isOfAge: false,
      kind: `its certificate is not valid before ${from}`,
      words: `the certificate of "${host}" is not valid before ${from}`,
    };
  }
  if (host !== '*' && !coversHost(subjects, host)) {
    const names = subjects.join(', ') || 'nobody';
    const words = `the certificate of "${host}" is for ${names}`;
    return { isOfAge: false, kind: `its certificate is for ${names}`, words };
  }
  if (notAfter - now < SOON_MS) {
    return {
      isOfAge: true,
      kind: `its certificate expires on ${date}`,
      words: `the certificate of "${host}" expires in ${formatDuration(notAfter - now)}`,
    };
  }
  return null;
}
