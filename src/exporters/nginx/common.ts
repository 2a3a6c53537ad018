/** What every server of the file says: what apps are told of clients, and what clients may take. */
import type { EdgePlan } from '../../config/plan.ts';
import type { AccessLogRules } from '../../protocol/traffic-rules.ts';
import { block, type Directive, quoted, time } from './blocks.ts';
import type { Http } from './http.ts';

/** In the server, not above it, where other files may say the same and nginx would refuse both. */
export function commonDirectives(edge: EdgePlan, http: Http): Directive[] {
  const { limits, trust, proxyProtocol } = edge;
  const perClient = http.put('connections', (name) => [
    `limit_conn_zone $binary_remote_addr zone=${name}:10m`,
  ]);
  return [
    'server_tokens off',
    '# What is redirected stays at the port that the client asked.',
    'absolute_redirect off',
    ...trust.map((peer) => `set_real_ip_from ${peer}`),
    ...(trust.length > 0
      ? [`real_ip_header ${proxyProtocol ? 'proxy_protocol' : 'X-Forwarded-For'}`, 'real_ip_recursive on']
      : []),
    `client_header_timeout ${time(limits.headTimeoutMs)}`,
    `client_body_timeout ${time(limits.bodyIdleMs)}`,
    `send_timeout ${time(limits.upstreamTimeoutMs)}`,
    `keepalive_timeout ${time(limits.keepAliveMs)}`,
    'large_client_header_buffers 4 16k',
    `limit_conn ${perClient} ${limits.connectionsPerIp}`,
    `http2_max_concurrent_streams ${edge.http2.maxStreams}`,
    '',
    ...toApps(edge, http),
    '',
    '# Bytes go on as they come, both ways: large uploads, event streams.',
    'proxy_buffering off',
    'proxy_request_buffering off',
    'proxy_connect_timeout 5s',
    '# Another instance is asked when one does not answer, but never twice for what must not be done twice.',
    'proxy_next_upstream error timeout',
    'proxy_next_upstream_tries 2',
    'recursive_error_pages on',
  ];
}

function toApps({ trust }: EdgePlan, http: Http): Directive[] {
  const upgrade = http.map(
    'upgrade',
    '"$http_upgrade $http_connection"',
    'Only WebSockets are passed on: an upgrade to h2c would go past every rule of this file.',
    '"~*^websocket .*\\bupgrade\\b" websocket',
    'default ""',
  );
  const connection = http.map(
    'connection',
    upgrade,
    'For the others nothing: "close" would cost a connection to the app for each request.',
    '"" ""',
    'default upgrade',
  );
  const node = http.map(
    'node',
    '$remote_addr',
    'As RFC 7239 writes addresses.',
    '"~:" "\\"[$remote_addr]\\""',
    'default $remote_addr',
  );
  const scheme = trust.length > 0 ? believed(trust, http) : '$scheme';
  return [
    '# Whatever clients say of themselves is replaced, so that nobody can pretend to be somebody else.',
    'proxy_http_version 1.1',
    'proxy_set_header Host $http_host',
    `proxy_set_header Upgrade ${upgrade}`,
    `proxy_set_header Connection ${connection}`,
    'proxy_set_header X-Forwarded-For $remote_addr',
    `proxy_set_header X-Forwarded-Proto ${scheme}`,
    'proxy_set_header X-Forwarded-Host $http_host',
    'proxy_set_header X-Forwarded-Port $server_port',
    'proxy_set_header X-Real-IP $remote_addr',
    `proxy_set_header Forwarded ${quoted('for=', `${node};host=\\"$http_host\\";proto=${scheme}`).replace(/^for=(.*)$/, '"for=$1"')}`,
    'proxy_set_header X-Holdfast-Client ""',
    'proxy_set_header X-Client-Cert-Subject ""',
    'proxy_set_header X-Client-Cert-Issuer ""',
    'proxy_set_header X-Client-Cert-Serial ""',
    'proxy_set_header X-Client-Cert-Fingerprint ""',
    'proxy_set_header HTTP2-Settings ""',
    'proxy_set_header Proxy ""',
    'proxy_set_header Proxy-Authorization ""',
    'proxy_set_header Proxy-Connection ""',
  ];
}

/** The scheme that a proxy in front says, if it is one of ours. */
function believed(trust: readonly string[], http: Http): string {
  const trusted = http.put('trusted', (name) => [
    block(`geo $realip_remote_addr $${name}`, 'default 0', ...trust.map((peer) => `${peer} 1`)),
  ]);
  return http.map(
    'scheme',
    `"$${trusted} $http_x_forwarded_proto"`,
    'What a proxy in front says counts, if it is one of ours.',
    '"1 https" https',
    '"1 http" http',
    'default $scheme',
  );
}

export function logDirectives(rules: AccessLogRules | null, http: Http): Directive[] {
  if (!rules) return ['access_log off'];
  const { format, sample } = rules;
  const file = `/var/log/nginx/${http.options.name}.access.log`;
  const name = format === 'combined' ? 'combined' : http.put('log', (name) => [logFormat(name, rules)]);
  if (sample >= 1) return [`access_log ${file} ${name}`];
  const some = http.put('sample', (name) => [
    block(`split_clients "$request_id" $${name}`, `${(sample * 100).toFixed(2)}% 1`, '* ""'),
  ]);
  const chosen = http.map('logged', '$status', 'Errors of the server always.', '"~^5" 1', `default $${some}`);
  return [`access_log ${file} ${name} if=${chosen}`];
}

function logFormat(name: string, { format, fields }: AccessLogRules): Directive {
  if (format === 'short')
    return `log_format ${name} '$remote_addr $http_host $request_method $request_uri $status $body_bytes_sent \${request_time}s $upstream_addr $request_id'`;
  const wanted = fields.length > 0 ? fields : Object.keys(variables);
  const parts = wanted.flatMap((field) => {
    const variable = variables[field];
    return variable === undefined
      ? []
      : [numbers.has(field) ? `"${field}":${variable}` : `"${field}":"${variable}"`];
  });
  return `log_format ${name} escape=json '{${parts.join(',')}}'`;
}

const numbers = new Set(['status', 'bytes', 'requestBytes']);
const variables: Readonly<Record<string, string>> = {
  time: '$time_iso8601',
  ip: '$remote_addr',
  host: '$http_host',
  method: '$request_method',
  target: '$request_uri',
  protocol: '$server_protocol',
  status: '$status',
  bytes: '$body_bytes_sent',
  seconds: '$request_time',
  upstreamSeconds: '$upstream_response_time',
  by: '$upstream_addr',
  site: '$server_name',
  cache: '$upstream_cache_status',
  requestId: '$request_id',
  referer: '$http_referer',
  userAgent: '$http_user_agent',
  scheme: '$scheme',
  requestBytes: '$request_length',
};
