/** Sites of nginx and Apache as people write them, and as `hold export` does, become sites of Holdfast. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Test } from '../../../test/support/cleanup.ts';
import { runCli } from '../../../test/support/run-cli.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { HoldfastConfig } from '../../config/config-types.ts';
import { loadPlan } from '../../config/load.ts';
import type { Plan } from '../../config/plan.ts';

async function imported(t: Test, tool: string, text: string) {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'site.conf'), text);
  const { code, json, err } = await runCli(join(dir, 'home'), ['import', tool, 'site.conf', '--json'], {
    cwd: dir,
  });
  assert.equal(code, 0, err);
  const config = json<HoldfastConfig>();
  // It must be a configuration that Holdfast takes; the files of certificates are not there.
  const sites = Object.entries(config.sites ?? {}).map(([host, site]) => [host, { ...site, tls: false }]);
  await load(dir, { ...config, sites: Object.fromEntries(sites) });
  return { config, notes: err.trim().split('\n') };
}

async function load(dir: string, config: unknown): Promise<Plan> {
  const file = join(dir, 'made.config.json');
  writeFileSync(file, JSON.stringify(config));
  return loadPlan({ file, cwd: dir, env: { PATH: process.env.PATH } });
}

/** Where each path leads, by host. */
function routesOf({ sites }: Plan): Record<string, Record<string, unknown>> {
  const target = (to: Plan['sites'][string]['routes'][number]['to']): unknown => {
    if (to.kind === 'upstream') return to.url;
    if (to.kind === 'split') return to.parts.map((part) => target(part.to));
    return to.kind === 'files' ? to.files.root : to.app;
  };
  return Object.fromEntries(
    Object.values(sites).map(({ host, routes }) => {
      const sorted = routes.map(({ prefix, to }) => [prefix.replace(/(?<=.)\/$/, ''), target(to)]).sort();
      return [host, Object.fromEntries(sorted)];
    }),
  );
}

for (const tool of ['nginx', 'apache']) {
  test(`the routes that \`hold export ${tool}\` writes come back`, async (t) => {
    const dir = tempDir(t);
    const config = {
      sites: {
        'a.test': {
          tls: 'auto',
          hsts: '180d',
          headers: { 'X-Frame-Options': 'DENY', 'X-Powered-By': false },
          routes: {
            '/': 'http://127.0.0.1:3000',
            '/api': 'http://127.0.0.1:3001',
            '/socket.io/': 'http://10.0.0.1:3002',
            '/deep/down/': 'https://example.com',
          },
        },
        '*.b.test': { routes: { '/': 'http://127.0.0.1:4000' } },
      },
      listen: { http: 80, https: 443 },
    };
    const before = await load(dir, config);
    await runCli(join(dir, 'home'), ['export', tool, '-f', 'made.config.json', '-o', '.'], { cwd: dir });
    const file = `${tool}/holdfast.conf`;
    const back = await runCli(join(dir, 'home'), ['import', tool, file, '--json'], { cwd: dir });
    const { sites } = back.json<HoldfastConfig>();
    const plain = { sites: { ...sites, 'a.test': { ...sites?.['a.test'], tls: 'auto' } } };
    const after = await load(dir, plain);
    assert.deepEqual(routesOf(after), routesOf(before));
    const { headers, hsts, tls } = sites?.['a.test'] ?? {};
    assert.deepEqual(headers, { 'X-Powered-By': false, 'X-Frame-Options': 'DENY' });
    assert.equal(hsts, '180d');
    assert.notEqual(tls, undefined);
  });
}

test('nginx: a site as certbot leaves it, with an app, Socket.IO, files and a redirect', async (t) => {
  const { config, notes } = await imported(
    t,
    'nginx',
    `upstream chat { ip_hash; server 127.0.0.1:3001; server unix:/run/chat.sock; }
server {
  server_name example.com www.example.com;
  client_max_body_size 20m;
  gzip on;
  auth_basic "x";
  location / { proxy_pass http://localhost:3000; proxy_set_header Host $host; proxy_set_header X-Secret a; }
  location /socket.io/ { proxy_pass http://chat; client_max_body_size 1m; }
  location /static/ { alias /usr/share/; }
  location /strip/ { proxy_pass http://127.0.0.1:5000/; }
  location = /old { return 301 /new; }
  location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }
  listen 443 ssl; # managed by Certbot
  ssl_certificate /srv/fullchain.pem; # managed by Certbot
  ssl_certificate_key /srv/privkey.pem; # managed by Certbot
  include /nowhere/options-ssl-nginx.conf; # managed by Certbot
}
server {
  if ($host = example.com) { return 301 https://$host$request_uri; } # managed by Certbot
  listen 80; server_name example.com www.example.com;
  return 404; # managed by Certbot
}`,
  );
  const site = {
    routes: {
      '/': 'http://localhost:3000',
      '/socket.io/': { to: { 'http://127.0.0.1:3001': 1, 'unix:/run/chat.sock': 1 }, body: '1MB' },
      '/static/': { files: '/usr/share' },
      '/strip/': 'http://127.0.0.1:5000',
    },
    tls: { cert: '/srv/fullchain.pem', key: '/srv/privkey.pem' },
    limits: { body: '20MB' },
    compress: true,
    redirects: { '/old': { to: '/new', status: 301 } },
  };
  assert.deepEqual(config, { sites: { 'example.com': site, 'www.example.com': site } });
  assert.equal(notes.length, 6, notes.join('\n'));
  const expected = [
    /say them as `apps`/,
    /site\.conf:16: .*options-ssl-nginx\.conf" was not found/,
    /site\.conf:6: the site asks for a password/,
    /site\.conf:12: "location ~ \\\.php\$" is left out/,
    /site\.conf:7: the app was told "X-Secret: a"/,
    /site\.conf:10: the app got "\/…" for "\/strip\/…"/,
  ];
  for (const note of expected)
    assert.ok(
      notes.some((line) => note.test(line)),
      `${note}\n${notes.join('\n')}`,
    );
});

test('Apache: a site as guides show it', async (t) => {
  const { config, notes } = await imported(
    t,
    'apache',
    `<VirtualHost *:8080>
  ServerName example.com
  ServerAlias www.example.com
  ProxyPreserveHost On
  RewriteEngine on
  RewriteCond %{HTTP:Upgrade} websocket [NC]
  RewriteRule ^/?(.*) "ws://localhost:3000/$1" [P,L]
  ProxyPass /static !
  ProxyPass /api/ balancer://api/api/
  ProxyPass / http://localhost:3000/
  ProxyPassReverse / http://localhost:3000/
  Redirect permanent /blog https://blog.example.com
  Header always set X-Frame-Options "DENY"
  <Proxy balancer://api>
    BalancerMember http://127.0.0.1:3001
    BalancerMember http://127.0.0.1:3002
  </Proxy>
</VirtualHost>`,
  );
  const site = {
    routes: {
      '/api/': { 'http://127.0.0.1:3001': 1, 'http://127.0.0.1:3002': 1 },
      '/': 'http://localhost:3000',
    },
    redirects: { '/blog/*': { to: 'https://blog.example.com/*', status: 301 } },
    headers: { 'X-Frame-Options': 'DENY' },
  };
  assert.deepEqual(config, {
    listen: { http: 8080 },
    sites: { 'example.com': site, 'www.example.com': site },
  });
  assert.deepEqual(notes.length, 1, notes.join('\n'));
});

test('nginx: a host that is only sent elsewhere', async (t) => {
  const { config } = await imported(
    t,
    'nginx',
    `server { server_name www.a.test; return 301 https://a.test$request_uri; }
server { server_name a.test; location / { proxy_pass http://127.0.0.1:3000; } }`,
  );
  assert.deepEqual(config.sites?.['www.a.test'], {
    routes: { '/': 'http://127.0.0.1:3000' },
    redirects: { '/*': { to: 'https://a.test/*', status: 301 } },
  });
});

test('a file without a site is refused', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'x'), 'user www-data;');
  for (const tool of ['nginx', 'apache']) {
    const { code, err } = await runCli(join(dir, 'home'), ['import', tool, 'x'], { cwd: dir });
    assert.equal(code, 1);
    assert.match(err, /x has no site that can be taken over/);
  }
});
