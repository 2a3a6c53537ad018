/** What sites are served with, for people and for alerts. Pure but for what it remembers of certificates that it has read. */
import { X509Certificate } from 'node:crypto';
import type { SitePlan } from '../../config/plan.ts';
import type { CertificateView } from '../../protocol/certificates.ts';
import type { Certificate, CertificateTrouble } from '../certificates.ts';

const DAY_MS = 86_400_000;
/** By then files should have been renewed, and what Holdfast renews has been, long before. */
const SOON_MS: Readonly<Record<CertificateView['from'], number>> = { files: 14 * DAY_MS, acme: 10 * DAY_MS };

export interface CertificateSources {
  readonly sites: readonly SitePlan[];
  readonly certificates: readonly Certificate[];
  readonly troubles: readonly CertificateTrouble[];
  readonly now: number;
}

export class CertificateViews {
  /** By their text. */
  #known = new Map<string, Facts>();

  of({ sites, certificates, troubles, now }: CertificateSources): CertificateView[] {
    const known = this.#known;
    this.#known = new Map();
    return sites.flatMap(({ host, tls }) => {
      if (!tls) return [];
      const { from } = tls.certificate;
      const found = certificates.find(({ names }) => names.includes(host));
      const facts = found && (known.get(found.certPem) ?? factsOf(found));
      if (found && facts) this.#known.set(found.certPem, facts);
      const trouble = troubles.find(({ site }) => site === host)?.text ?? null;
      const status = statusOf(from, found?.notAfter ?? null, trouble !== null, now);
      return [
        {
          site: host,
          from,
          names: facts?.names ?? [],
          issuer: facts?.issuer ?? null,
          notAfter: found ? new Date(found.notAfter).toISOString() : null,
          status,
          note: trouble ?? (status === 'ok' && from === 'acme' ? 'it is renewed by itself' : null),
        },
      ];
    });
  }
}

interface Facts {
  readonly names: readonly string[];
  readonly issuer: string | null;
}

function statusOf(
  from: CertificateView['from'],
  notAfter: number | null,
  hasTrouble: boolean,
  now: number,
): CertificateView['status'] {
  if (notAfter === null) return hasTrouble ? 'refused' : 'missing';
  if (notAfter <= now) return 'expired';
  if (notAfter - now < SOON_MS[from]) return 'expiring';
  return hasTrouble ? 'refused' : 'ok';
}

function factsOf({ certPem }: Certificate): Facts {
  try {
    const { subjectAltName = '', issuer } = new X509Certificate(certPem);
    const names = [...subjectAltName.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].flatMap(
      ([, name]) => name ?? [],
    );
    return { names, issuer: /^O=(.+)$/m.exec(issuer)?.[1] ?? /^CN=(.+)$/m.exec(issuer)?.[1] ?? null };
  } catch {
    return { names: [], issuer: null };
  }
}
