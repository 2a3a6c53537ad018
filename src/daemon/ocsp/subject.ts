/** Whether the authority of a certificate can be asked if it is still good, and where (RFC 6960). */
import type { X509Certificate } from 'node:crypto';
import { readChain } from '../../kit/certificate.ts';
import { readParts } from '../../kit/certificate-parts.ts';
import { inside } from '../../kit/der.ts';

/** RFC 7633: what a server with this certificate must do. */
const TLS_FEATURE = '1.3.6.1.5.5.7.1.24';
/** The number of the extension `status_request`: to show such an answer in the handshake. */
const STATUS_REQUEST = 5;

export interface Subject {
  readonly leaf: X509Certificate;
  readonly issuer: X509Certificate;
  readonly url: string;
}

export interface Stapling {
  /** Clients refuse the certificate without an answer of its authority beside it. */
  readonly required: boolean;
  /** null: nobody can be asked. */
  readonly subject: Subject | null;
}

/** @param certPem a chain that begins with the certificate in question */
export function staplingOf(certPem: string): Stapling {
  const chain = readChain(certPem);
  const [leaf, ...others] = typeof chain === 'string' ? [] : chain;
  if (!leaf) return { required: false, subject: null };
  const issuer = others.find((other) => hasIssued(other, leaf));
  const url = responderOf(leaf);
  const features = inside(readParts(leaf).extension(TLS_FEATURE));
  return {
    required: features.some(({ content }) => content.equals(Buffer.from([STATUS_REQUEST]))),
    subject: issuer && url !== undefined ? { leaf, issuer, url } : null,
  };
}

export function hasIssued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function responderOf(leaf: X509Certificate): string | undefined {
  const url = /^OCSP - URI:(https?:\/\/\S+)$/m.exec(leaf.infoAccess ?? '')?.[1];
  return url !== undefined && URL.canParse(url) ? url : undefined;
}
