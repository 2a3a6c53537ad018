/** What apps are told: the fields of requests that nginx passes on. */
import { type Finding, finding } from '../finding.ts';
import { mapped, type NginxSite, type Proxied, upgradeSent } from './site.ts';

const MAPS = [
  'map $http_upgrade $ws_upgrade { default ""; ~*^websocket$ websocket; }',
  'map $ws_upgrade $ws_connection { default upgrade; "" ""; }',
];
const SOCKET_FIELDS = [
  'proxy_set_header Upgrade $ws_upgrade;',
  'proxy_set_header Connection $ws_connection;',
];

export function headerFindings(site: NginxSite): Finding[] {
  return site.proxied.flatMap((proxied) => [
    ...connection(site, proxied),
    ...upgrade(site, proxied),
    ...host(proxied),
    ...forwarded(proxied),
    ...lost(proxied),
  ]);
}

function connection(site: NginxSite, { scope }: Proxied): Finding[] {
  const field = scope.field('Connection');
  const value = field?.args[1];
  if (!field || value === undefined) return [];
  if (value.toLowerCase() === 'upgrade') {
    const effect =
      'Every request says "Connection: upgrade", also those that are no WebSocket: Node puts up with it, other servers close such connections or answer with errors';
    return [finding('connection-upgrade', 'warn', field, effect, ...MAPS, ...SOCKET_FIELDS)];
  }
  const plain = upgradeSent(site, value, '');
  if (plain.toLowerCase() !== 'close') return [];
  const map = site.maps.get(value.replace(/^\$\{?|\}$/g, ''));
  const line = map?.body?.find(({ name, args }) => name === '' && args[0] === 'close');
  const effect =
    'Plain requests say "Connection: close", so each of them costs a new connection to the app, whatever keepalive says';
  return line
    ? [finding('connection-close', 'warn', line, effect, '"" "";')]
    : [finding('connection-close', 'warn', field, effect, 'proxy_set_header Connection "";')];
}

function upgrade(site: NginxSite, { scope }: Proxied): Finding[] {
  const field = scope.field('Upgrade');
  const value = field?.args[1];
  if (!field || value === undefined || upgradeSent(site, value, 'h2c').toLowerCase() !== 'h2c') return [];
  const effect =
    'Any upgrade that a client asks for is passed on, also "h2c": on such a connection, requests go past every rule of this file to an app that speaks it';
  const isMap = mapped(site, value, 'h2c') !== undefined;
  return [
    finding(
      'upgrade-unfiltered',
      'bad',
      field,
      effect,
      ...(isMap ? MAPS.slice(0, 1) : MAPS),
      ...SOCKET_FIELDS,
    ),
  ];
}

function host({ scope, pass }: Proxied): Finding[] {
  const field = scope.field('Host');
  const isInner = field !== undefined && /^\$\{?proxy_host\}?$/.test(field.args[1] ?? '');
  if (!isInner && !scope.lacksField('Host')) return [];
  const effect = `The app sees "${pass.args[0]?.replace(/^https?:\/\/([^/]*).*$/, '$1') ?? ''}" as its host instead of the one in the browser: links, redirects, cookies and checks of the origin go wrong`;
  return [finding('host-missing', 'warn', field ?? pass, effect, 'proxy_set_header Host $http_host;')];
}

function forwarded({ scope, pass }: Proxied): Finding[] {
  return [...forwardedFor({ scope, pass }), ...forwardedProto({ scope, pass })];
}

function forwardedFor({ scope, pass }: Pick<Proxied, 'scope' | 'pass'>): Finding[] {
  const right = 'proxy_set_header X-Forwarded-For $remote_addr;';
  const field = scope.field('X-Forwarded-For');
  const value = field?.args[1] ?? '';
  if (!field) {
    if (!scope.lacksField('X-Forwarded-For')) return [];
    const effect =
      'The app does not learn who the client is, and "X-Forwarded-For" of a client gets there as it was sent, so anybody can pretend to be anybody';
    return [finding('forwarded-for-missing', 'warn', pass, effect, right)];
  }
  if (!/\$\{?(?:proxy_add_x_forwarded_for|http_x_forwarded_for)\b/.test(value)) return [];
  if (scope.all('set_real_ip_from').length > 0 || scope.isPartial) return [];
  const effect =
    'What the client says of itself in "X-Forwarded-For" is passed on, in front of its real address: whoever believes the first one (rate limits, logs, access by address) can be deceived';
  return [
    finding(
      'forwarded-for-spoofable',
      'bad',
      field,
      effect,
      right,
      '# Behind a CDN or load balancer, instead: whose word counts',
      'set_real_ip_from <its network>; real_ip_header X-Forwarded-For; real_ip_recursive on;',
    ),
  ];
}

function forwardedProto({ scope, pass }: Pick<Proxied, 'scope' | 'pass'>): Finding[] {
  const right = 'proxy_set_header X-Forwarded-Proto $scheme;';
  const field = scope.field('X-Forwarded-Proto');
  if (!field) {
    if (!scope.lacksField('X-Forwarded-Proto')) return [];
    const effect =
      'The app does not learn whether the client came by https: secure cookies are not set, and redirects to https go round in circles';
    return [finding('forwarded-proto-missing', 'warn', pass, effect, right)];
  }
  if (!/^\$\{?http_x_forwarded_proto\}?$/.test(field.args[1] ?? '')) return [];
  if (scope.all('set_real_ip_from').length > 0 || scope.isPartial) return [];
  const effect = 'A client can say that it came by https when it did not';
  return [finding('forwarded-proto-spoofable', 'warn', field, effect, right)];
}

/** A level with one proxy_set_header of its own has none of those above. */
function lost({ scope }: Proxied): Finding[] {
  for (let level = scope; level.parent; level = level.parent) {
    const own = level.own('proxy_set_header');
    if (own.length === 0) continue;
    const names = new Set(own.map(({ args }) => args[0]?.toLowerCase()));
    const above = level.parent.all('proxy_set_header');
    const gone = above.filter(({ args }) => !names.has(args[0]?.toLowerCase()));
    const [first] = own;
    if (gone.length === 0 || !first) return [];
    const effect = `Because this block sets a field of its own, those of the level above do not hold in it: ${gone.map(({ args }) => args[0]).join(', ')}`;
    return [finding('proxy-headers-lost', 'bad', first, effect, ...gone.map(lineOf))];
  }
  return [];
}

export function lineOf({ name, args }: { readonly name: string; readonly args: readonly string[] }): string {
  const words = args.map((arg) => (/^[^\s;{}"']+$/.test(arg) ? arg : `"${arg.replaceAll('"', '\\"')}"`));
  return `${[name, ...words].join(' ')};`;
}
