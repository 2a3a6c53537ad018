/** When the authority wants a certificate renewed, such as before it revokes it: ARI, RFC 9773. */
import { X509Certificate } from 'node:crypto';
import { readParts } from '../../kit/certificate-parts.ts';
import { inside } from '../../kit/der.ts';
import type { AcmeClient } from './client.ts';

const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
const KEY_IDENTIFIER = 0x80;

/** The name that renewal information has for a certificate (4.1); null when it does not say who signed it. */
export function renewalId(certPem: string): string | null {
  const { serial, extension } = readParts(new X509Certificate(certPem));
  const keyId = inside(extension(AUTHORITY_KEY_IDENTIFIER)).find(({ tag }) => tag === KEY_IDENTIFIER);
  if (!serial || !keyId) return null;
  return `${keyId.content.toString('base64url')}.${serial.content.toString('base64url')}`;
}

/**
 * A time in the window that the authority suggests (4.2); null when it suggests none.
 * @param random 0 <= random < 1
 */
export async function suggestedTime(
  client: AcmeClient,
  certPem: string,
  random: number,
): Promise<number | null> {
  const { renewalInfo } = await client.directory();
  const id = renewalInfo === null ? null : renewalId(certPem);
  if (id === null) return null;
  const { body } = await client.fetch(`${renewalInfo?.replace(/\/$/, '')}/${id}`);
  const { suggestedWindow } = (body ?? {}) as { suggestedWindow?: { start?: unknown; end?: unknown } };
  const [start, end] = [Date.parse(String(suggestedWindow?.start)), Date.parse(String(suggestedWindow?.end))];
  if (Number.isNaN(start) || Number.isNaN(end) || end < start) return null;
  return start + random * (end - start);
}
