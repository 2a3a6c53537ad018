import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EgressRule } from '../config/plan.ts';
import { Clients, Permits } from './policy.ts';

const host = (name: string, port: number | null = null): EgressRule => ({ kind: 'host', host: name, port });
const network = (address: string, bits: number, port: number | null = null): EgressRule => {
  return { kind: 'network', address, bits, port };
};
const permits = (...allow: EgressRule[]) => new Permits({ observe: false, allow });
const may = (rules: Permits, name: string, port: number, address = '1.1.1.1') =>
  rules.refusesName({ host: name, port }) === null &&
  rules.refusesAddress({ host: name, port }, address) === null;

test('names are allowed exactly, below a wildcard, or all; each with its port', () => {
  const rules = permits(host('api.example.com', 443), host('*.example.org'));
  assert.ok(may(rules, 'api.example.com', 443));
  assert.ok(!may(rules, 'api.example.com', 80));
  assert.ok(!may(rules, 'evil-api.example.com', 443));
  assert.ok(!may(rules, 'api.example.com.evil.net', 443));
  assert.ok(may(rules, 'a.b.example.org', 1));
  assert.ok(!may(rules, 'example.org', 1));
  assert.ok(!may(rules, 'evilexample.org', 1));
  assert.ok(may(permits(host('*', 443)), '8.8.8.8', 443, '8.8.8.8'));
  assert.ok(!may(permits(), 'example.com', 443));
});

test('a name that is allowed does not lead inside; a network that is allowed does, whatever the name', () => {
  const named = permits(host('db.example.com'), host('*', 443));
  for (const address of ['10.0.0.5', '127.0.0.1', '169.254.169.254', 'fd00:ec2::254', '::1']) {
    assert.ok(!may(named, 'db.example.com', 443, address), address);
  }
  const both = permits(host('db.example.com'), network('10.0.0.0', 8, 5432), network('fd00::', 8));
  assert.ok(may(both, 'db.example.com', 5432, '10.0.0.5'));
  assert.ok(may(both, 'other.example.com', 5432, '::ffff:10.0.0.5'));
  assert.ok(may(both, 'fd00::7', 9, 'fd00::7'));
  assert.ok(!may(both, 'db.example.com', 5433, '10.0.0.5'));
  assert.ok(!may(both, 'other.example.com', 5432, '11.0.0.5'));
});

test('a name that nothing can allow is not even looked up', () => {
  assert.match(
    String(permits(host('a.com')).refusesName({ host: 'secret.evil.net', port: 53 })),
    /allow list/,
  );
  assert.equal(permits(network('10.0.0.0', 8)).refusesName({ host: 'db', port: 1 }), null);
});

test('observing allows everything', () => {
  assert.ok(may(new Permits({ observe: true, allow: [] }), 'anything', 1, '127.0.0.1'));
});

test('an app is who has its password', () => {
  const clients = new Clients();
  clients.apply({ apps: { web: { token: 'secret', observe: false, allow: [] } } });
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  assert.equal(clients.identify(basic('web:secret'))?.app, 'web');
  for (const wrong of [
    undefined,
    '',
    'Basic',
    'Bearer secret',
    basic('web:'),
    basic('web'),
    basic('jobs:secret'),
  ]) {
    assert.equal(clients.identify(wrong), undefined);
  }
  clients.apply({ apps: {} });
  assert.equal(clients.identify(basic('web:secret')), undefined);
});
