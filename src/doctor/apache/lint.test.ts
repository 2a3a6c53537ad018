import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseApache } from '../../config/import/apache-syntax.ts';
import { lintApache } from './lint.ts';

/** In order, in every respect. */
const HEAD = `ProxyPreserveHost On
RequestHeader unset X-Forwarded-For early
RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}`;
const BALANCER = `<Proxy "balancer://app">
  BalancerMember "http://127.0.0.1:3001" route=w1 upgrade=websocket
  BalancerMember "http://127.0.0.1:3002" route=w2 upgrade=websocket
  ProxySet stickysession=ID
</Proxy>`;
const PASS = 'ProxyPass "/" "balancer://app/" timeout=3600';

interface Parts {
  readonly around?: string;
  readonly head?: string;
  readonly balancer?: string;
  readonly pass?: string;
}

function site({ around = '', head = HEAD, balancer = BALANCER, pass = PASS }: Parts = {}): string {
  return `${around}\n${balancer}\n<VirtualHost *:80>\nServerName a.test\n${head}\n${pass}\n</VirtualHost>\n`;
}

function found(text: string): string[] {
  const tree = parseApache(text, 'site');
  assert.deepEqual(tree.problems, []);
  return lintApache(tree).map(({ rule, severity }) => `${severity} ${rule}`);
}

test('a site that is in order has no finding', () => {
  assert.deepEqual(found(site()), []);
});

const MODULES = [
  'mpm_event proxy proxy_http proxy_balancer slotmem_shm lbmethod_byrequests headers'
    .split(' ')
    .map((name) => `LoadModule ${name}_module mod_${name}.so`),
  'ServerTokens Prod',
  'MaxRequestWorkers 2000',
]
  .flat()
  .join('\n');

const cases: readonly (readonly [mistake: string, parts: Parts, ...findings: string[]])[] = [
  [
    'X-Forwarded-For as the client likes',
    { head: HEAD.replace('RequestHeader unset X-Forwarded-For early', '') },
    'bad forwarded-for-spoofable',
  ],
  ['no X-Forwarded-Proto', { head: HEAD.replace(/.*Proto.*/, '') }, 'warn forwarded-proto-missing'],
  ['no Host', { head: HEAD.replace('ProxyPreserveHost On', '') }, 'warn host-missing'],
  ['an open proxy', { head: `${HEAD}\nProxyRequests On` }, 'bad open-proxy'],
  ['upgrades to TLS', { head: `${HEAD}\nSSLEngine optional` }, 'bad ssl-optional'],
  ['old TLS', { head: `${HEAD}\nSSLProtocol all -SSLv3` }, 'warn ssl-protocols'],
  ['everybody believed', { head: `${HEAD}\nRemoteIPHeader X-Forwarded-For` }, 'bad real-ip-everybody'],
  [
    'the shorter path first',
    { pass: `${PASS}\nProxyPass /wsapp/ http://127.0.0.1:3003/ upgrade=websocket timeout=3600` },
    'bad proxypass-order',
  ],
  ['a path too much', { pass: 'ProxyPass /api http://127.0.0.1:3003/' }, 'bad proxypass-slash'],
  [
    'WebSockets without upgrade',
    { pass: 'ProxyPass /socket.io http://127.0.0.1:3003/socket.io' },
    'bad no-upgrade',
  ],
  ['the time of silence as it is', { pass: PASS.replace(' timeout=3600', '') }, 'warn socket-timeout'],
  ['a short time of silence', { pass: PASS.replace('3600', '30') }, 'bad socket-timeout'],
  [
    'several instances',
    { balancer: BALANCER.replace('ProxySet stickysession=ID', '') },
    'note no-stickiness',
  ],
  [
    'Socket.IO without stickiness',
    {
      balancer: BALANCER.replace('ProxySet stickysession=ID', ''),
      pass: PASS.replaceAll('/"', '/socket.io/"').replace('"/"', '"/socket.io/"'),
    },
    'bad no-stickiness',
  ],
  ['a member without a route', { balancer: BALANCER.replace(' route=w2', '') }, 'bad no-route'],
  [
    'sockets by the query of Socket.IO',
    {
      pass: `RewriteCond %{QUERY_STRING} transport=websocket [NC]\nRewriteRule /(.*) ws://127.0.0.1:1/$1 [P,L]\nProxyTimeout 3600\n${PASS}`,
    },
    'warn rewrite-by-query',
  ],
  [
    'sockets without a condition',
    { pass: `RewriteRule /(.*) ws://127.0.0.1:1/$1 [P,L]\nProxyTimeout 3600\n${PASS}` },
    'bad rewrite-unconditional',
  ],
  [
    'events that are collected',
    { pass: 'ProxyPass /events http://127.0.0.1:1/events flushpackets=off' },
    'warn events-buffered',
  ],
  ['all modules', { around: MODULES }],
  ['prefork', { around: MODULES.replace('mpm_event', 'mpm_prefork') }, 'warn prefork'],
  ['few workers', { around: MODULES.replace('2000', '150') }, 'warn few-workers'],
  ['no module for balancers', { around: MODULES.replace(/.*slotmem.*/, '') }, 'bad module-missing'],
  [
    'no module for WebSockets',
    {
      around: MODULES,
      pass: `${PASS.replace('"/"', '"/b/"').replace('app/"', 'app/b/"')}\nProxyPass /ws/ ws://127.0.0.1:1/ timeout=3600`,
    },
    'bad module-missing',
  ],
  ['the version told', { around: MODULES.replace('Prod', 'OS') }, 'note server-tokens'],
];

for (const [mistake, parts, ...findings] of cases) {
  test(`mistake: ${mistake}`, () => {
    assert.deepEqual(found(site(parts)).sort(), [...findings].sort());
  });
}

test('what a file says that is not there is not missed', () => {
  const text = 'Include proxy.conf\n<VirtualHost *:80>\nProxyPass / http://127.0.0.1:1/\n</VirtualHost>';
  assert.deepEqual(found(text), []);
});

test('the slash that is wrong is shown by what it does', () => {
  const tree = parseApache('<VirtualHost *:80>\nProxyPass /api http://a:1/\n</VirtualHost>', 'f');
  const slash = lintApache(tree).find(({ rule }) => rule === 'proxypass-slash');
  assert.equal(slash?.line, 2);
  assert.match(slash?.effect ?? '', /for "\/api\/users" the app gets "\/\/users"$/);
  assert.deepEqual(slash?.instead, ['ProxyPass /api http://a:1']);
});
