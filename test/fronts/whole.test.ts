/** A configuration that says all there is, for the fronts that have other words than nginx for it: their own checkers take it. */
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { checkFiles } from '../../src/cli/export/check.ts';
import { loadPlan } from '../../src/config/load.ts';
import type { Exported } from '../../src/exporters/exported.ts';
import { placesOf } from '../../src/exporters/places.ts';
import type { Target } from '../../src/exporters/target.ts';
import { targets } from '../../src/exporters/targets.ts';
import { tlsFile } from '../support/certificates.ts';
import type { Test } from '../support/cleanup.ts';
import { requireProgram } from '../support/programs.ts';
import { app } from '../support/root.ts';
import { tempDir } from '../support/temp-dir.ts';

const hash = `scrypt:16384:8:5:${'A'.repeat(22)}:${'A'.repeat(43)}`;

async function exported(t: Test, name: string): Promise<{ target: Target; exported: Exported }> {
  const dir = tempDir(t);
  // HAProxy looks for the key beside the certificate, under its name.
  const cert = join(dir, 'c.pem');
  const key = `${cert}.key`;
  copyFileSync(tlsFile('a.test.pem'), cert);
  copyFileSync(tlsFile('a.test.key'), key);
  const page = join(dir, 'page.html');
  writeFileSync(page, '<p>down</p>');
  const pages = { errorPages: { 502: page } };
  const tls = { cert, key };
  const run = app('everything.js');
  const config = {
    apps: {
      web: {
        run,
        instances: 2,
        upstream: { inFlight: { max: 10 }, slowStart: '10s' },
        health: { path: '/' },
      },
      next: { run, sticky: 'none' },
      ip: { run, instances: 2, sticky: 'ip' },
    },
    sites: {
      'example.test': {
        tls,
        hsts: '180d',
        routes: {
          '/': 'web',
          '/api/': { to: { web: 90, next: 10 }, rate: ['5/s per ip', '9/s per header x-key'], body: '1MB' },
          '/api/deep': 'ip',
          '/files/': { files: dir },
          '/ext/': { to: 'https://127.0.0.1:9', check: '/h', serverName: 'ext.test', proxyProtocol: 'v2' },
          '/grpc/': { to: 'http://127.0.0.1:9', upstream: 'h2c' },
          '/copied/': { to: 'web', mirror: 'next' },
        },
        limits: { rate: '1000/s per all' },
        compress: true,
        security: true,
        headers: { 'X-A': 'it\'s 100% "ok" $HOME {x}', 'X-Powered-By': false },
        redirects: { '/old': '/new', '/blog/*': 'https://b.test/x/*' },
        rewrites: { '/v1/*': '/api/*', '/about': '/about.html' },
        allow: ['127.0.0.0/8', '::1'],
        deny: ['10.9.0.0/16'],
        requestId: true,
        cache: true,
        ...pages,
      },
      '*.example.test': {
        tls: { ...tls, clients: { ca: tlsFile('clients-ca.pem') } },
        routes: { '/': 'web' },
        ...pages,
      },
      'closed.test': { routes: { '/': 'next' }, maintenance: { page, allow: ['10.0.0.0/8'] }, ...pages },
      'auth.test': { routes: { '/': 'next' }, auth: { users: { ann: hash } }, accessLog: false, ...pages },
    },
    edge: { trust: ['10.0.0.0/8'], accessLog: { format: 'json', sample: '50%' } },
  };
  writeFileSync(join(dir, 'holdfast.config.json'), JSON.stringify(config));
  const plan = await loadPlan({ cwd: dir, env: process.env });
  const target = targets[name] as Target;
  const options = {
    node: process.execPath,
    user: null,
    name: 'holdfast',
    places: placesOf(plan),
    isSecret: () => true,
  };
  return { target, exported: target.export(plan, options) };
}

for (const name of ['haproxy', 'caddy']) {
  test(`${name} takes a file with everything in it`, async (t) => {
    if (!requireProgram(t, name)) return;
    const {
      target,
      exported: { files, losses },
    } = await exported(t, name);
    await checkFiles(target, files);
    const auth = losses.find(({ setting }) => setting.endsWith('.auth'));
    assert.match(auth?.text ?? '', /nobody gets in before/);
    assert.ok(!files[0]?.text.includes(hash));
  });
}

interface Dynamic {
  readonly http: {
    readonly routers: Readonly<Record<string, Router>>;
    readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly middlewares: Readonly<Record<string, unknown>>;
  };
}

interface Router {
  readonly rule: string;
  readonly priority: number;
  readonly service: string;
  readonly middlewares?: readonly string[];
  readonly entryPoints: readonly string[];
}

test('whatever a router of Traefik names is there, and the most particular one comes first', async (t) => {
  const {
    exported: { files },
  } = await exported(t, 'traefik');
  const [dynamic, fixed] = files.map(({ text }) => parse(text));
  const { routers, services, middlewares } = (dynamic as Dynamic).http;
  const doors = Object.keys(fixed.entryPoints);
  for (const { service, middlewares: used = [], entryPoints } of Object.values(routers)) {
    assert.ok(Object.hasOwn(services, service), service);
    for (const one of used) assert.ok(Object.hasOwn(middlewares, one), one);
    for (const door of entryPoints) assert.ok(doors.includes(door), door);
  }
  const rules = Object.values(routers)
    .filter(({ entryPoints }) => entryPoints.includes('holdfast-https'))
    .sort((a, b) => b.priority - a.priority)
    .map(({ rule }) => rule);
  assert.match(rules[0] ?? '', /Upgrade/);
  assert.match(rules[1] ?? '', /ClientIP/);
  const place = (rule: string) => rules.findIndex((text) => text.endsWith(rule));
  assert.ok(place('PathPrefix(`/api/deep/`))') < place('PathPrefix(`/api/`))'));
  assert.ok(place('PathPrefix(`/api/`))') < rules.indexOf('Host(`example.test`)'));
  assert.ok(rules.indexOf('Host(`example.test`)') < place('HostRegexp(`^.+\\.example\\.test$`)'));
});
