/** When the authority wants a certificate renewed, such as before it revokes it: ARI, RFC 9773. */
import { X509Certificate } from 'node:crypto';
import type { AcmeClient } from './client.ts';
import { type Element, elements } from './der.ts';

const TBS_EXTENSIONS = 0xa3;
const AUTHORITY_KEY_IDENTIFIER = Buffer.from([0x55, 0x1d, 0x23]);
const KEY_IDENTIFIER = 0x80;
const TBS_SERIAL = 0x02;

/** The name that renewal information has for a certificate (4.1); null when it does not say who signed it. */
export function renewalId(certPem: string): string | null {
  const [certificate] = elements(new X509Certificate(certPem).raw);
  const body = inside(inside(certificate)[0]);
  const serial = body.find(({ tag }) => tag === TBS_SERIAL)?.content;
  const extensions = inside(inside(body.find(({ tag }) => tag === TBS_EXTENSIONS))[0]);
  const authority = extensions
    .map(inside)
    .find(([id]) => id?.content.equals(AUTHORITY_KEY_IDENTIFIER))
    ?.at(-1);
  const keyId = inside(inside(authority)[0]).find(({ tag }) => tag === KEY_IDENTIFIER)?.content;
  if (!serial || !keyId) return null;
  return `${keyId.toString('base64url')}.${serial.toString('base64url')}`;
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

function inside(element: Element | undefined): Element[] {
  return element ? elements(element.content) : [];
}
