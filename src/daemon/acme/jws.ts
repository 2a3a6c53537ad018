/** What an ACME server is told is signed: JWS (RFC 7515) with ES256, and HS256 for external account binding (RFC 8555 7.3.4). */
import { createHash, createHmac, createPublicKey, type KeyObject, sign } from 'node:crypto';

/** The members that RFC 7638 takes for an EC key, in its order. */
export interface Jwk {
  readonly crv: string;
  readonly kty: string;
  readonly x: string;
  readonly y: string;
}

export interface Jws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

export function publicJwk(key: KeyObject): Jwk {
  const { crv = '', kty = '', x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  return { crv, kty, x, y };
}

/** RFC 7638. */
export function thumbprint(jwk: Jwk): string {
  return createHash('sha256').update(JSON.stringify(jwk)).digest('base64url');
}

/** @param payload null: the empty payload of a POST-as-GET, RFC 8555 6.3 */
export function signJws(key: KeyObject, header: Readonly<Record<string, unknown>>, payload: unknown): Jws {
  const parts = encoded({ alg: 'ES256', ...header }, payload);
  const bytes = Buffer.from(`${parts.protected}.${parts.payload}`);
  const signature = sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
  return { ...parts, signature: signature.toString('base64url') };
}

/** Says that the account of `jwk` belongs to a customer of the certificate authority. */
export function bindAccount(jwk: Jwk, keyId: string, hmac: string, url: string): Jws {
  const parts = encoded({ alg: 'HS256', kid: keyId, url }, jwk);
  const mac = createHmac('sha256', Buffer.from(hmac, 'base64url'));
  return { ...parts, signature: mac.update(`${parts.protected}.${parts.payload}`).digest('base64url') };
}

function encoded(header: unknown, payload: unknown): Omit<Jws, 'signature'> {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return { protected: part(header), payload: payload === null ? '' : part(payload) };
}
