/** What Node's X509Certificate does not tell: the parts of a certificate (RFC 5280 section 4.1) as they are in it. */
import type { X509Certificate } from 'node:crypto';
import { type Element, elements, inside, isOid } from './der.ts';

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

export interface CertificateParts {
  readonly serial: Element | undefined;
  readonly issuer: Element | undefined;
  readonly subject: Element | undefined;
  /** The bits of the key, without what says of which kind it is: what key identifiers are a hash of. */
  readonly keyBits: Buffer | undefined;
  /** The value of an extension, such as `2.5.29.35`; undefined when it has none. */
  extension(dotted: string): Element | undefined;
}

export function readParts(certificate: X509Certificate): CertificateParts {
  const [body] = inside(elements(certificate.raw)[0]);
  const parts = inside(body);
  if (parts[0]?.tag === VERSION) parts.shift();
  const [serial, , issuer, , subject, key] = parts;
  const extensions = inside(inside(parts.find(({ tag }) => tag === EXTENSIONS))[0]).map(inside);
  return {
    serial,
    issuer,
    subject,
    // The first byte says how many bits of the last one are none.
    keyBits: inside(key)[1]?.content.subarray(1),
    extension: (dotted) => inside(extensions.find(([id]) => isOid(id, dotted))?.at(-1))[0],
  };
}
