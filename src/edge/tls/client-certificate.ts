/** The certificate that a client has shown, as fields for the app. */
import type { TLSSocket } from 'node:tls';

/**
 * Field lines that say whose certificate it was. Only for one that was verified; whoever else sends such fields has them taken away
 * (Kind.banned).
 */
export function certificateLines(socket: TLSSocket): string {
  const certificate = socket.getPeerX509Certificate?.();
  if (!certificate) return '';
  return (
    `X-Client-Cert-Subject: ${distinguishedName(certificate.subject)}\r\n` +
    `X-Client-Cert-Issuer: ${distinguishedName(certificate.issuer)}\r\n` +
    `X-Client-Cert-Serial: ${fieldText(certificate.serialNumber)}\r\n` +
    `X-Client-Cert-Fingerprint: ${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}\r\n`
  );
}

/** OpenSSL's lines, which are escaped already, in the order and shape of RFC 4514: `CN=ann,O=Example`. */
function distinguishedName(lines: string): string {
  return fieldText((lines ?? '').split('\n').reverse().join(','));
}

/** What a field cannot carry as it is (RFC 9110 section 5.5), in percent escapes of its UTF-8. */
export function fieldText(text: string): string {
  return text.replace(/[^\x20-\x7e]|%/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
