/** What apps are told of clients. Whatever clients say of themselves is replaced. */
import type { EdgePlan } from '../../config/plan.ts';
import { oneOf } from './content.ts';
import type { Server } from './server.ts';

export function forwardedDirectives(
  { trust, proxyProtocol }: EdgePlan,
  port: number,
  server: Server,
): string[] {
  if (trust.length > 0 || proxyProtocol) server.needs('remoteip');
  const believed =
    trust.length === 0
      ? ''
      : ` "expr=! (${oneOf('CONN_REMOTE_ADDR', trust)} && %{req_novary:X-Forwarded-Proto} =~ m#^https?$#)"`;
  return [
    '# Whatever clients say of themselves is replaced, so that nobody can pretend to be somebody else.',
    ...(proxyProtocol ? ['RemoteIPProxyProtocol On'] : []),
    ...(trust.length > 0 && !proxyProtocol
      ? ['RemoteIPHeader X-Forwarded-For', ...trust.map((peer) => `RemoteIPInternalProxy ${peer}`)]
      : []),
    'ProxyPreserveHost On',
    'ProxyAddHeaders Off',
    'RequestHeader set X-Forwarded-For "expr=%{REMOTE_ADDR}"',
    `RequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"${believed}`,
    'RequestHeader set X-Forwarded-Host "expr=%{HTTP_HOST}"',
    `RequestHeader set X-Forwarded-Port "${port}"`,
    'RequestHeader set X-Real-IP "expr=%{REMOTE_ADDR}"',
    '# As RFC 7239 writes addresses.',
    `RequestHeader set Forwarded "expr=for=%{REMOTE_ADDR};host=\\"%{HTTP_HOST}\\";proto=%{req_novary:X-Forwarded-Proto}" "expr=! %{REMOTE_ADDR} =~ m#:#"`,
    `RequestHeader set Forwarded "expr=for=\\"[%{REMOTE_ADDR}]\\";host=\\"%{HTTP_HOST}\\";proto=%{req_novary:X-Forwarded-Proto}" "expr=%{REMOTE_ADDR} =~ m#:#"`,
    '# Who does not ask for an upgrade in Connection, too, asks for none.',
    'RequestHeader unset Upgrade "expr=! %{req_novary:Connection} =~ m#upgrade#i"',
    ...DROPPED.map((name) => `RequestHeader unset ${name}`),
    "# Fields that are named in Connection are taken away at the door, but these are not the client's to take away.",
    `RequestHeader edit* Connection "(?i)(?:${KEPT.join('|')})(?![\\w-])" ""`,
  ];
}

/** The last ones: as many apps read names, `_` is the same as `-`. */
const DROPPED = [
  'X-Forwarded-Server',
  'X-Holdfast-Client',
  'X-Client-Cert-Subject',
  'X-Client-Cert-Issuer',
  'X-Client-Cert-Serial',
  'X-Client-Cert-Fingerprint',
  'HTTP2-Settings',
  'Proxy',
  'Proxy-Authorization',
  'X_Forwarded_For',
  'X_Forwarded_Proto',
  'X_Forwarded_Host',
  'X_Forwarded_Port',
  'X_Real_IP',
  'X_Holdfast_Client',
];

const KEPT = [
  'x-forwarded-[a-z]+',
  'x-real-ip',
  'x-request-id',
  'forwarded',
  'host',
  'cookie',
  'authorization',
  'content-[a-z]+',
];
