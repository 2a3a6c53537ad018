/** Makes the request for a certificate (PKCS #10, RFC 2986) and the certificate that answers TLS-ALPN-01 (RFC 8737). */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bitString,
  boolean,
  type Der,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  tagged,
  taggedText,
  time,
  utf8String,
} from '../../kit/der.ts';
import type { Certificate } from '../certificates.ts';

const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31';
const DAY_MS = 86_400_000;
const DNS_NAME = 2;

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** ECDSA on P-256: small, quick in a handshake, and known to every client since 2014. */
export function newKeyPair(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export function keyPem({ privateKey }: KeyPair): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The request for a certificate with these names, in DER. */
export function certificateRequest(names: readonly string[], keys: KeyPair): Buffer {
  const wanted = sequence(oid(EXTENSION_REQUEST), setOf(sequence(alternativeNames(names))));
  return signed(sequence(integer(Buffer.from([0])), sequence(), publicKey(keys), tagged(0, wanted)), keys);
}

/** The certificate that proves control of `name` by TLS-ALPN-01: signed by itself, with the hash of the key authorization. */
export function challengeCertificate(name: string, keyAuthorization: string, now: number): Certificate {
  const keys = newKeyPair();
  const notAfter = now + 7 * DAY_MS;
  const issuer = sequence(setOf(sequence(oid(COMMON_NAME), utf8String('ACME challenge'))));
  const digest = createHash('sha256').update(keyAuthorization).digest();
  const proof = sequence(oid(ACME_IDENTIFIER), boolean(true), octetString(octetString(digest)));
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    sequence(oid(ECDSA_WITH_SHA256)),
    issuer,
    sequence(time(now - DAY_MS), time(notAfter)),
    issuer,
    publicKey(keys),
    tagged(3, sequence(alternativeNames([name]), proof)),
  );
  const lines =
    signed(body, keys)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  const certPem = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  return { names: [name], certPem, keyPem: keyPem(keys), notAfter };
}

function alternativeNames(names: readonly string[]): Der {
  const list = sequence(...names.map((name) => taggedText(DNS_NAME, name)));
  return sequence(oid(SUBJECT_ALT_NAME), octetString(list));
}

function publicKey(keys: KeyPair): Der {
  return keys.publicKey.export({ type: 'spki', format: 'der' });
}

function signed(body: Der, { privateKey }: KeyPair): Der {
  return sequence(body, sequence(oid(ECDSA_WITH_SHA256)), bitString(sign('sha256', body, privateKey)));
}
