/** The question whether a certificate is still good, and its answer, which is believed only when it is signed (RFC 6960). */
import { createHash, verify, X509Certificate } from 'node:crypto';
import { readParts } from '../../kit/certificate-parts.ts';
import {
  type Der,
  type Element,
  elements,
  inside,
  isOid,
  nothing,
  octetString,
  oid,
  readTime,
  sequence,
} from '../../kit/der.ts';
import { hasIssued, type Subject } from './subject.ts';

/** Only names something here: nothing relies on its strength, and it is what every responder knows (RFC 5019 section 2.1.1). */
const SHA1 = '1.3.14.3.2.26';
const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1';
const MAY_SIGN_RESPONSES = '1.3.6.1.5.5.7.3.9';
/** null: the hash is part of the kind of key. */
const SIGNATURES: readonly (readonly [oid: string, hash: string | null])[] = [
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.3.101.112', null],
];
/** Of responseStatus, section 4.2.1. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'it does not understand the question',
  2: 'it has an internal error',
  3: 'it wants to be asked later',
  5: 'it wants a signed question',
  6: 'it does not answer us about this certificate',
};
const TAG_0 = 0xa0;
const BY_NAME = 0xa1;
const BY_KEY = 0xa2;
const GOOD = 0x80;
const REVOKED = 0xa1;
const UNKNOWN = 0x82;
/** Clocks differ. */
const SKEW_MS = 5 * 60_000;
/**
 * An answer that does not say how long it is good (newer ones are there at any time) is for so long, from when it was
 * made: else whoever is in between could show an old one for ever.
 */
const OPEN_END_MS = 24 * 3_600_000;

export type OcspAnswer =
  | { readonly status: 'good'; readonly thisUpdate: number; readonly nextUpdate: number }
  | { readonly status: 'revoked'; readonly at: number | null };

/** What the responder is sent. */
export function ocspQuestion(subject: Subject): Der {
  const { nameHash, keyHash, serial } = identify(subject);
  const algorithm = sequence(oid(SHA1), nothing());
  const id = sequence(algorithm, octetString(nameHash), octetString(keyHash), serial);
  return sequence(sequence(sequence(sequence(id))));
}

/** @throws Error with what is wrong with the answer, or why the responder has none: it goes on after "it" or the name of the responder */
export function readOcspAnswer(response: Der, subject: Subject, now: number): OcspAnswer {
  const [status, bytes] = inside(elements(response)[0]);
  const code = status?.content[0];
  if (code !== 0) throw new Error(REFUSALS[code ?? -1] ?? 'what it answers is no OCSP answer');
  const [type, content] = inside(inside(bytes)[0]);
  if (!isOid(type, BASIC_RESPONSE) || !content) throw new Error('it answers in a form that nobody knows');
  const [data, algorithm, signature, more] = inside(elements(content.content)[0]);
  if (!data || !signature) throw new Error('its answer is damaged');
  const parts = inside(data);
  if (parts[0]?.tag === TAG_0) parts.shift();
  const [responder, , answers] = parts;
  const signer = signerOf(responder, inside(inside(more)[0]), subject, now);
  const hash = SIGNATURES.find(([id]) => isOid(inside(algorithm)[0], id))?.[1];
  if (hash === undefined) throw new Error('its answer is signed in a way that is not known, or not safe');
  if (!verify(hash, data.raw, signer.publicKey, signature.content.subarray(1)))
    throw new Error('the signature of its answer is wrong');
  return judge(inside(answers), subject, now);
}

function judge(answers: readonly Element[], subject: Subject, now: number): OcspAnswer {
  const one = answers.map(inside).find(([id]) => isAbout(inside(id), subject));
  if (!one) throw new Error('its answer is about another certificate');
  const [, status, since, ...rest] = one;
  const thisUpdate = readTime(since);
  const end = rest.find(({ tag }) => tag === TAG_0);
  const nextUpdate = end ? readTime(inside(end)[0]) : (thisUpdate ?? now) + OPEN_END_MS;
  if (!status || thisUpdate === undefined || nextUpdate === undefined)
    throw new Error('its answer is damaged');
  if (thisUpdate > now + SKEW_MS)
    throw new Error(`its answer is of ${isoTime(thisUpdate)}: is the clock of this machine right?`);
  if (nextUpdate <= now) throw new Error(`its answer was good until ${isoTime(nextUpdate)}`);
  if (status.tag === GOOD) return { status: 'good', thisUpdate, nextUpdate };
  if (status.tag === REVOKED) return { status: 'revoked', at: readTime(inside(status)[0]) ?? null };
  throw new Error(status.tag === UNKNOWN ? 'it does not know this certificate' : 'its answer is damaged');
}

/** Who has signed: the issuer, or somebody whom the issuer lets do that (section 4.2.2.2). */
function signerOf(
  responder: Element | undefined,
  certificates: readonly Element[],
  { issuer }: Subject,
  now: number,
): X509Certificate {
  if (isResponder(issuer, responder)) return issuer;
  for (const { raw } of certificates) {
    const signer = new X509Certificate(raw);
    if (!isResponder(signer, responder)) continue;
    // Node calls the extended key usage so.
    const may = signer.keyUsage?.includes(MAY_SIGN_RESPONSES) === true && hasIssued(issuer, signer);
    const isInForce = Date.parse(signer.validFrom) <= now + SKEW_MS && now <= Date.parse(signer.validTo);
    if (may && isInForce) return signer;
  }
  throw new Error('its answer is signed by somebody whom the authority has not allowed that');
}

function isResponder(certificate: X509Certificate, responder: Element | undefined): boolean {
  const { subject, keyBits } = readParts(certificate);
  const [identity] = inside(responder);
  if (responder?.tag === BY_NAME) return subject?.raw.equals(identity?.raw ?? Buffer.alloc(0)) === true;
  return (
    responder?.tag === BY_KEY &&
    keyBits !== undefined &&
    sha1(keyBits).equals(identity?.content ?? Buffer.alloc(0))
  );
}

function isAbout([algorithm, name, key, serial]: readonly Element[], subject: Subject): boolean {
  const expected = identify(subject);
  return (
    isOid(inside(algorithm)[0], SHA1) &&
    name?.content.equals(expected.nameHash) === true &&
    key?.content.equals(expected.keyHash) === true &&
    serial?.raw.equals(expected.serial) === true
  );
}

/** CertID, section 4.1.1. */
function identify({ leaf, issuer }: Subject): { nameHash: Buffer; keyHash: Buffer; serial: Buffer } {
  const { serial, issuer: name } = readParts(leaf);
  const { keyBits } = readParts(issuer);
  if (!serial || !name || !keyBits) throw new Error('the certificate is damaged');
  return { nameHash: sha1(name.raw), keyHash: sha1(keyBits), serial: serial.raw };
}

function sha1(bytes: Buffer): Buffer {
  return createHash('sha1').update(bytes).digest();
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
