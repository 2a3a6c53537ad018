/** Certificates and their keys, as far as one can judge them before they are used. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** What a certificate says of itself. */
export interface CertificateFacts {
  /** Host names and addresses that it is for, lower case; wildcards as `*.example.com`. */
  readonly names: readonly string[];
  /** In ms since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const PEM_KEY = /-----BEGIN ([A-Z]+ )*PRIVATE KEY-----/;

/**
 * Reads a certificate (the first of a chain) and looks whether the key belongs to it.
 *
 * @returns the facts, or why this pair cannot be used: a sentence that goes on after the name of `part`
 */
export function readCertificate(
  certPem: string,
  keyPem: string,
): CertificateFacts | { readonly part: 'cert' | 'key'; readonly problem: string } {
  const certificates = readChain(certPem);
  if (typeof certificates === 'string') return { part: 'cert', problem: certificates };
  const [first, ...others] = certificates as [X509Certificate, ...X509Certificate[]];
  const key = readKey(keyPem);
  if (typeof key === 'string') return { part: 'key', problem: key };
  if (!first.checkPrivateKey(key)) {
    if (others.some((other) => other.checkPrivateKey(key))) {
      const problem =
        'has its certificates in the wrong order: first that of the key, then those between it and the root';
      return { part: 'cert', problem };
    }
    return { part: 'key', problem: 'is not the key of the first certificate in cert' };
  }
  return {
    names: namesOf(first),
    notBefore: Date.parse(first.validFrom),
    notAfter: Date.parse(first.validTo),
  };
}

/** The certificates of a PEM text, at least one, or what is wrong with it. */
export function readChain(pem: string): readonly X509Certificate[] | string {
  const blocks = pem.match(PEM_CERTIFICATE);
  if (!blocks && PEM_KEY.test(pem))
    return 'has a private key in it and no certificate: a certificate in PEM form is needed';
  if (!blocks) return 'has no "-----BEGIN CERTIFICATE-----" in it: a certificate in PEM form is needed';
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    return `holds a certificate that cannot be read: ${messageOf(error)}`;
  }
}

function readKey(pem: string): KeyObject | string {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    return 'is protected by a passphrase, which nobody is there to type: store it without, readable for its owner only';
  }
  if (!PEM_KEY.test(pem)) {
    const found = pem.includes('-----BEGIN CERTIFICATE-----')
      ? 'has a certificate in it and no private key'
      : 'has no private key in it';
    return `${found}: one in PEM form is needed`;
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    return `holds a private key that cannot be read: ${messageOf(error)}`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Names in the order of the certificate; the common name counts only where there are no others (RFC 6125, 6.4.4). */
function namesOf(certificate: X509Certificate): string[] {
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []);
  if (names.length > 0) return names.map((name) => name.toLowerCase());
  const common = /(?:^|\n)CN=(.+)/.exec(certificate.subject ?? '')?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}

/**
 * Whether a certificate for these names is right for a host. `*` stands for one label, the first (RFC 6125, 6.4.3); a host with a
 * wildcard (`*.example.com`) needs the same one.
 */
export function coversHost(names: readonly string[], host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  if (names.includes(bare)) return true;
  const dot = bare.indexOf('.');
  return dot > 0 && bare[0] !== '*' && names.includes(`*${bare.slice(dot)}`);
}
