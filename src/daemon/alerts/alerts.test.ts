import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { reading } from '../../../test/support/reading.ts';
import type { CertificateView } from '../../protocol/certificates.ts';
import { Alerts } from './alerts.ts';
import { certificateFindings, defaultRules, diskFindings } from './rules.ts';

const HOUR_MS = 3_600_000;

function board(t: { after(cleanup: () => void): void }) {
  const dir = mkdtempSync(join(tmpdir(), 'alerts-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const told: string[] = [];
  const make = () =>
    new Alerts({
      journal: {
        record: (type, { data = {} } = {}) => {
          told.push(`${type} ${data.kind} ${data.subject}${data.again === true ? ' again' : ''}`);
          return { seq: 0, time: '', type };
        },
      },
      file: join(dir, 'alerts.json'),
      home: '/home',
      rulesFor: () => defaultRules,
      disk: () => [],
    });
  return { make, told };
}

function withStatus(at: number, status: 'failed' | 'starting' | 'ready') {
  const whole = reading(at, 0);
  const apps = whole.apps.map((app) => ({
    ...app,
    status: status === 'ready' ? ('running' as const) : status,
    instances: app.instances.map((one) => ({ ...one, status })),
  }));
  return { ...whole, apps };
}

test('an app that failed: told once, also over a new daemon, again after a day, and when it is well', (t) => {
  const { make, told } = board(t);
  const first = make();
  first.look(withStatus(0, 'failed'), []);
  first.look(withStatus(10_000, 'failed'), []);
  assert.deepEqual(told.splice(0), ['alert.raised app.failed web']);
  assert.equal(first.health.status, 'failing');
  const second = make();
  second.look(withStatus(20_000, 'starting'), []);
  second.look(withStatus(30_000, 'failed'), []);
  assert.deepEqual(told.splice(0), []);
  second.look(withStatus(24 * HOUR_MS, 'failed'), []);
  assert.deepEqual(told.splice(0), ['alert.raised app.failed web again']);
  second.look(withStatus(25 * HOUR_MS, 'ready'), []);
  assert.deepEqual(told, ['alert.cleared app.failed web']);
  assert.deepEqual(second.health, { status: 'ok', problems: [] });
});

test('errors of a site: from 5% on, of a request a second; over when it is half of that', (t) => {
  const { make, told } = board(t);
  const alerts = make();
  alerts.look(reading(0, 0, 0), []);
  alerts.look(reading(10_000, 100, 100), []);
  assert.deepEqual(told, [], 'too few to say');
  alerts.look(reading(20_000, 200, 105), []);
  assert.deepEqual(told.splice(0), ['alert.raised errors.many example.com']);
  alerts.look(reading(60_000, 3_000, 105), []);
  assert.deepEqual(told, [], 'between the two');
  alerts.look(reading(70_000, 10_000, 105), []);
  assert.deepEqual(told, ['alert.cleared errors.many example.com']);
});

test('a blocked event loop is told of once in ten minutes', (t) => {
  const { make, told } = board(t);
  const alerts = make();
  alerts.blocked('web', 'web.0: blocked', 0);
  alerts.look(reading(0, 0), []);
  alerts.blocked('web', 'web.0: blocked', 300_000);
  alerts.look(reading(700_000, 0), []);
  assert.deepEqual(told.splice(0), ['alert.raised watchdog.blocked web']);
  alerts.look(reading(1_000_000, 0), []);
  assert.deepEqual(told, ['alert.cleared watchdog.blocked web']);
});

test('certificates: ten days before their end, after it, and when there is none', () => {
  const view = (days: number | null, status: CertificateView['status']): CertificateView => ({
    ...{ site: 's', from: 'acme', names: [], issuer: null, note: 'no answer', status },
    notAfter: days === null ? null : new Date(days * 24 * HOUR_MS).toISOString(),
  });
  const kinds = (one: CertificateView) =>
    certificateFindings([one], 0, () => defaultRules).map(({ kind }) => kind);
  assert.deepEqual(kinds(view(20, 'ok')), []);
  assert.deepEqual(kinds(view(9, 'expiring')), ['certificate.expiring']);
  assert.deepEqual(kinds(view(-1, 'expired')), ['certificate.expired']);
  assert.deepEqual(kinds(view(null, 'refused')), ['certificate.refused']);
  assert.deepEqual(kinds(view(null, 'missing')), []);
});

test('the disk: nearly full, and full within a day', () => {
  const { host } = reading(0, 0);
  const at = (diskFreeBytes: number, points: { at: number; freeBytes: number }[] = []) =>
    diskFindings('/home', host && { ...host, diskFreeBytes }, points, 0.1).map(({ state }) => state);
  assert.deepEqual(at(5e10), []);
  assert.deepEqual(at(1.1e10), ['unsure']);
  assert.deepEqual(at(0.9e10), ['bad']);
  const falling = [0, 1, 2, 3, 4].map((h) => ({ at: h * HOUR_MS, freeBytes: 4.4e10 - h * 0.3e10 }));
  assert.deepEqual(at(3.2e10, falling), ['bad']);
  const cameBack = falling.map((point, h) => (h < 2 ? point : { ...point, freeBytes: 4.2e10 }));
  assert.deepEqual(at(4.2e10, cameBack), []);
});
