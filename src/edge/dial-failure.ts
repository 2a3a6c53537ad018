/** Why a connection to a server could not be had: it is down, or it is not the one that it should be. */
import { connectFailed, type Failure } from './failure.ts';

/** Codes of the system and of its name resolution; those of TLS look otherwise. */
const SYSTEM = /^(?:E[A-Z0-9]+|EAI_[A-Z]+)$/;
const UNKNOWN_SIGNER =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT|GET_ISSUER_CERT_LOCALLY))$/;

/** @param secure the connection was to speak TLS */
export function dialFailure(error: NodeJS.ErrnoException | undefined, secure: boolean): Failure {
  const code = error?.code ?? '';
  if (code === 'ENOTFOUND') return wrongServer(`its name is not known (${code})`);
  if (code === 'ECONNREFUSED') return connectFailed(`${placeOf(error)} refuses connections (${code})`);
  if (!secure || code === '' || SYSTEM.test(code)) return connectFailed(code || 'the connection was closed');
  return wrongServer(`${inWords(code)} (${code})`);
}

/** Where it was tried: Node adds that to the errors of a connection. */
function placeOf(error: object | undefined): string {
  const { address = 'it', port } = (error ?? {}) as { address?: string; port?: number };
  if (port === undefined) return address;
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** It is there, and another attempt would meet the same: no request is sent to it, nor to it again. */
export function wrongServer(cause: string): Failure {
  return { source: 'upstream', retryable: 'never', status: 502, cause };
}

function inWords(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another name';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (code === 'CERT_NOT_YET_VALID') return 'its certificate is not valid yet';
  if (UNKNOWN_SIGNER.test(code)) {
    return 'its certificate is signed by an authority that is not trusted here; if it is your own, name its certificate in "ca"';
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return 'it does not speak TLS';
  if (code.endsWith('NO_APPLICATION_PROTOCOL')) return 'it does not offer the protocol that is wanted (ALPN)';
  return code.startsWith('ERR_SSL_') ? 'it and we do not agree on TLS' : 'its certificate is not in order';
}
