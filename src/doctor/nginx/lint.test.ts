import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNginx } from '../../config/import/nginx-syntax.ts';
import { lintNginx } from './lint.ts';

/** In order, in every respect. */
const MAPS = `map $http_upgrade $up { default ""; ~*^websocket$ websocket; }
map $up $conn { default upgrade; "" ""; }`;
const UPSTREAM = 'upstream app { ip_hash; server 127.0.0.1:3000; server 127.0.0.1:3001; keepalive 32; }';
const FIELDS = `proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Upgrade $up; proxy_set_header Connection $conn;
  proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;`;
const SERVER = 'listen 80; server_tokens off; client_max_body_size 10m; proxy_read_timeout 1h;';
const LOCATIONS = 'location / { proxy_pass http://app; }';

interface Parts {
  readonly maps?: string;
  readonly upstream?: string;
  readonly fields?: string;
  readonly server?: string;
  readonly locations?: string;
}

function site({
  maps = MAPS,
  upstream = UPSTREAM,
  fields = FIELDS,
  server = SERVER,
  locations = LOCATIONS,
}: Parts = {}): string {
  return `${maps}\n${upstream}\nserver {\n${server}\n${fields}\n${locations}\n}\n`;
}

function found(text: string): string[] {
  const tree = parseNginx(text, 'site');
  assert.deepEqual(tree.problems, []);
  return lintNginx(tree).map(({ rule, severity }) => `${severity} ${rule}`);
}

test('a site that is in order has no finding', () => {
  assert.deepEqual(found(site()), []);
});

const without = (text: string) => FIELDS.replace(text, '');
const field = (from: string, to: string) => ({ fields: FIELDS.replace(from, to) });

const cases: readonly (readonly [mistake: string, parts: Parts, ...findings: string[]])[] = [
  ['Connection "upgrade" for all', field('$conn', '"upgrade"'), 'warn connection-upgrade'],
  ["a map with '' close", { maps: MAPS.replace('"" "";', "'' close;") }, 'warn connection-close'],
  ['Connection close', field('$conn', 'close'), 'warn connection-close'],
  ['no keepalive', { upstream: UPSTREAM.replace('keepalive 32;', '') }, 'warn no-keepalive'],
  [
    'an address without upstream',
    { locations: 'location / { proxy_pass http://127.0.0.1:3000; }' },
    'warn no-keepalive',
  ],
  ['no HTTP/1.1', { fields: without('proxy_http_version 1.1;') }, 'bad http-version'],
  ['no Connection', { fields: without('proxy_set_header Connection $conn;') }, 'warn keepalive-unused'],
  [
    'keepalive before the method',
    { upstream: 'upstream app { keepalive 8; ip_hash; server 127.0.0.1:1; }' },
    'warn keepalive-order',
  ],
  ['any Upgrade', field('Upgrade $up', 'Upgrade $http_upgrade'), 'bad upgrade-unfiltered'],
  [
    'a map that lets any Upgrade through',
    { maps: MAPS.replace('default ""; ~*^websocket$ websocket;', 'default $http_upgrade;') },
    'bad upgrade-unfiltered',
  ],
  [
    'X-Forwarded-For as the client likes',
    field('X-Forwarded-For $remote_addr', 'X-Forwarded-For $proxy_add_x_forwarded_for'),
    'bad forwarded-for-spoofable',
  ],
  [
    'no X-Forwarded-For',
    { fields: without('proxy_set_header X-Forwarded-For $remote_addr;') },
    'warn forwarded-for-missing',
  ],
  [
    'no X-Forwarded-Proto',
    { fields: without('proxy_set_header X-Forwarded-Proto $scheme;') },
    'warn forwarded-proto-missing',
  ],
  [
    'X-Forwarded-Proto of the client',
    field('Proto $scheme', 'Proto $http_x_forwarded_proto'),
    'warn forwarded-proto-spoofable',
  ],
  ['no Host', { fields: without('proxy_set_header Host $http_host;') }, 'warn host-missing'],
  [
    'the time of silence as it is',
    { server: SERVER.replace('proxy_read_timeout 1h;', '') },
    'warn socket-timeout',
  ],
  ['a short time of silence', { server: SERVER.replace('1h', '30s') }, 'bad socket-timeout'],
  [
    'events that are buffered',
    { locations: `${LOCATIONS} location /events { proxy_pass http://app; }` },
    'warn events-buffered',
  ],
  ['a path too much', { locations: 'location /api { proxy_pass http://app/; }' }, 'bad proxy-pass-slash'],
  ['a slash too few', { locations: 'location /api/ { proxy_pass http://app/v1; }' }, 'bad proxy-pass-slash'],
  ['another path', { locations: 'location /api/ { proxy_pass http://app/; }' }, 'note proxy-pass-path'],
  [
    'Socket.IO without its path',
    { locations: 'location /socket.io/ { proxy_pass http://app/; }' },
    'bad proxy-pass-slash',
  ],
  [
    'Socket.IO without stickiness',
    {
      upstream: UPSTREAM.replace('ip_hash', 'least_conn'),
      locations: 'location /socket.io/ { proxy_pass http://app; }',
    },
    'bad no-stickiness',
  ],
  ['several instances', { upstream: UPSTREAM.replace('ip_hash; ', '') }, 'note no-stickiness'],
  [
    'WebSockets without Upgrade',
    {
      fields: without('proxy_set_header Upgrade $up;'),
      locations: 'location /ws/ { proxy_pass http://app; }',
    },
    'bad no-upgrade',
  ],
  [
    'add_header in a location',
    {
      server: `${SERVER} add_header A 1; add_header B 2;`,
      locations: 'location / { add_header b 3; proxy_pass http://app; }',
    },
    'warn add-header-lost',
  ],
  [
    'proxy_set_header in a location',
    {
      locations: `location / { proxy_pass http://app; ${without('proxy_set_header Host $http_host;').replace('proxy_http_version 1.1;', '')} proxy_set_header X-A 1; }`,
    },
    'bad proxy-headers-lost',
    'warn host-missing',
  ],
  ['a size of 1 MB', { server: SERVER.replace('client_max_body_size 10m;', '') }, 'note body-size'],
  ['the version told', { server: SERVER.replace('server_tokens off;', '') }, 'note server-tokens'],
  ['old TLS', { server: `${SERVER} ssl_protocols TLSv1 TLSv1.2;` }, 'warn ssl-protocols'],
  ['broken TLS', { server: `${SERVER} ssl_protocols SSLv3 TLSv1.2;` }, 'bad ssl-protocols'],
  ['TLS by default', { server: `${SERVER} listen 443 ssl;` }, 'note ssl-protocols'],
  ['everybody believed', { server: `${SERVER} set_real_ip_from 0.0.0.0/0;` }, 'bad real-ip-everybody'],
  ['nobody believed', { server: `${SERVER} real_ip_header X-Forwarded-For;` }, 'warn real-ip-nobody'],
  [
    'a limit by what the client says',
    { maps: `${MAPS} limit_req_zone $http_x_forwarded_for zone=a:1m rate=1r/s;` },
    'bad forwarded-for-believed',
  ],
  ['localhost', { upstream: UPSTREAM.replace('127.0.0.1:3000', 'localhost:3000') }, 'note localhost'],
  [
    'POST again',
    { server: `${SERVER} proxy_next_upstream error non_idempotent;` },
    'bad retry-non-idempotent',
  ],
  [
    'a directory that leads out',
    { locations: `${LOCATIONS} location /static { alias /srv/www/; }` },
    'bad alias-traversal',
  ],
];

for (const [mistake, parts, ...findings] of cases) {
  test(`mistake: ${mistake}`, () => {
    assert.deepEqual(found(site(parts)).sort(), [...findings].sort());
  });
}

test('whoever stands behind a load balancer that is named may add to X-Forwarded-For', () => {
  const parts = {
    ...field('X-Forwarded-For $remote_addr', 'X-Forwarded-For $proxy_add_x_forwarded_for'),
    server: `${SERVER} set_real_ip_from 10.0.0.0/8; real_ip_header X-Forwarded-For;`,
  };
  assert.deepEqual(found(site(parts)), []);
});

test('what a file says that is not there is not missed', () => {
  const text = `server { include proxy_params; location / { proxy_pass http://app; } }`;
  assert.deepEqual(found(text), []);
});

test('a finding has a line, what happens, and what is right', () => {
  const text = 'server {\n  location / {\n    proxy_pass http://localhost:3000/app;\n  }\n}\n';
  const slash = lintNginx(parseNginx(text, '/etc/x')).find(({ rule }) => rule === 'proxy-pass-slash');
  assert.deepEqual(slash, {
    rule: 'proxy-pass-slash',
    severity: 'bad',
    file: '/etc/x',
    line: 3,
    effect:
      'One of the two has a slash at its end and the other has not: for "/users" the app gets "/appusers"',
    instead: ['proxy_pass http://localhost:3000/app/;'],
  });
});
