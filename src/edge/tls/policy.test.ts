import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EdgeSiteTls } from '../../protocol/edge-table.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { TlsPolicy } from './policy.ts';
import type { Secured } from './secured.ts';

const plain: EdgeSiteTls = { redirect: true, hstsSeconds: null, clients: null };
const sites = {
  'a.test': plain,
  'b.test': { ...plain, redirect: false, hstsSeconds: 60 },
  'm.test': { ...plain, clients: 'required' },
  'o.test': { ...plain, clients: 'asked' },
} as const;

function policyAt(port: number) {
  const table = Object.entries(sites).map(([host, tls]) => ({ host, routes: [], tls }));
  const listen = { host: null, port };
  const challenges = { http: {}, alpn: [] };
  return new TlsPolicy([...table, { host: 'plain.test', routes: [] }], {
    listen,
    certificates: [],
    clientAuthorities: {},
    ticketKeys: '',
    challenges,
  });
}

const head = (host: string, target = '/x?y') => ({ host, target }) as RequestHead;
const on = (site: string, asks = false, verified = false) => ({ site, asks, verified }) as Secured;

test('requests without TLS are sent to the same address with https, where the site has that', () => {
  const where = (port: number, host: string, target?: string) =>
    policyAt(port).objection(head(host, target), 'a.test', 'http', undefined)?.extra;
  assert.equal(where(443, 'a.test'), 'Location: https://a.test/x?y\r\n');
  assert.equal(where(8443, 'a.test:8080'), 'Location: https://a.test:8443/x?y\r\n');
  assert.equal(where(443, '[::1]:8080'), 'Location: https://[::1]/x?y\r\n');
  assert.equal(where(443, 'a.test', '*'), 'Location: https://a.test/\r\n');
  assert.equal(where(443, ''), '');
  const policy = policyAt(443);
  assert.equal(policy.objection(head('b.test'), 'b.test', 'http', undefined), undefined);
  assert.equal(policy.objection(head('plain.test'), 'plain.test', 'http', undefined), undefined);
  // A trusted proxy in front has spoken TLS.
  assert.equal(policy.objection(head('a.test'), 'a.test', 'https', undefined), undefined);
});

test('a site with clients is for connections of its own, and they are for nothing else', () => {
  const policy = policyAt(443);
  const status = (site: string, secured?: Secured) =>
    policy.objection(head(site), site, 'https', secured)?.status;
  assert.equal(status('m.test', on('m.test', true, true)), undefined);
  assert.equal(status('m.test', on('m.test', true)), 403);
  assert.equal(status('m.test', undefined), 403);
  assert.equal(status('m.test', on('a.test')), 421);
  assert.equal(status('o.test', on('a.test')), 421);
  assert.equal(status('o.test', on('m.test', true, true)), 421);
  assert.equal(status('a.test', on('m.test', true, true)), 421);
  assert.equal(status('plain.test', on('o.test', true)), 421);
  assert.equal(status('o.test', on('o.test', true)), undefined);
  assert.equal(status('b.test', on('a.test')), undefined);
});

test('Strict-Transport-Security goes out with https only', () => {
  const policy = policyAt(443);
  assert.equal(policy.fields('b.test', 'https'), 'Strict-Transport-Security: max-age=60\r\n');
  assert.equal(policy.fields('b.test', 'http'), '');
  assert.equal(policy.fields('a.test', 'https'), '');
});
