/** Where the frontend listens, and with which certificates. */
import type { ListenPlan, Plan, SitePlan } from '../../config/plan.ts';
import { word } from './words.ts';

export function bindLines({ edge, sites }: Plan): string[] {
  const secure = Object.values(sites).filter(({ tls }) => tls);
  const { http, https, http2 } = edge;
  const plain = http2.cleartext ? '' : ' proto h1';
  const alpn = http2.tls ? 'h2,http/1.1' : 'http/1.1';
  return [
    ...addresses(http).map((address) => `bind ${address}${plain}`),
    ...(secure.length === 0
      ? []
      : addresses(https).map(
          (address) =>
            `bind ${address} ssl${certificates(secure)} alpn ${alpn} ssl-min-ver TLSv1.2${clients(secure)}`,
        )),
  ];
}

function addresses({ host, port }: ListenPlan): string[] {
  // With one socket for both, clients with IPv4 would be `::ffff:192.0.2.1` for rules, logs and apps.
  if (host === null) return [`:${port}`, `:::${port} v6only`];
  return [`${host.includes(':') ? `[${host}]` : host}:${port}`];
}

/** HAProxy takes the first for clients that name no host. */
function certificates(sites: readonly SitePlan[]): string {
  const files = [...sites]
    .sort((a, b) => Number(b.host === '*') - Number(a.host === '*'))
    .map((site) => certificateOf(site));
  return [...new Set(files)].map((file) => ` crt ${word(file)}`).join('');
}

/** One file with certificate and key, or one with the certificate beside which `….key` lies. */
export function certificateOf({ host, tls }: SitePlan): string {
  const certificate = tls?.certificate;
  if (certificate?.from === 'files' && isWhole(certificate)) return certificate.cert;
  return `/etc/haproxy/certs/${host.replace('*', '_')}.pem`;
}

export function isWhole({ cert, key, ca }: { cert: string; key: string; ca: string | null }): boolean {
  return ca === null && (key === cert || key === `${cert}.key`);
}

/** The authorities that certificates of clients may be signed by. */
export function clientAuthorities(sites: readonly SitePlan[]): string[] {
  return [...new Set(sites.flatMap(({ tls }) => (tls?.clients ? [tls.clients.ca] : [])))];
}

function clients(sites: readonly SitePlan[]): string {
  const [ca] = clientAuthorities(sites);
  return ca === undefined ? '' : ` verify optional ca-file ${word(ca)}`;
}
