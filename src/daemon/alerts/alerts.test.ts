import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { reading } from '../../../test/support/reading.ts';
import { metricsDefaults } from '../../config/metrics-defaults.ts';
import type { CertificateView } from '../../protocol/certificates.ts';
import type { DesiredState } from '../state.ts';
import { rulesIn } from './alert-rules.ts';
import { Alerts } from './alerts.ts';
import { certificateFindings, defaultRules, diskFindings } from './rules.ts';

const HOUR_MS = 3_600_000;
const noTraffic = {
  ...{ sites: [], instances: [], openConnections: 0 },
  edge: { connections: 0, http2Connections: 0, tlsHandshakes: 0, tlsRefusals: 0, refused: 0 },
};

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

test('rules are those of the configuration that an app or a site is of; of the disk the strictest', () => {
  const plan = (errorShare: number | null, diskFreeShare: number | null) => ({
    plan: { ...metricsDefaults, alerts: { ...defaultRules, errorShare, diskFreeShare } },
  });
  const app = (project: string) => ({ plan: { project } });
  const state = {
    apps: { web: app('shop'), chat: app('talk') },
    sites: { 'shop.test': { source: '/shop' }, 'other.test': { source: '/other' } },
    metrics: {
      shop: { source: '/shop', ...plan(0.5, 0.2) },
      talk: { source: '/talk', ...plan(null, null) },
    },
  } as unknown as DesiredState;
  assert.equal(rulesIn(state, { app: 'web' }).errorShare, 0.5);
  assert.equal(rulesIn(state, { app: 'chat' }).errorShare, null);
  assert.equal(rulesIn(state, { app: 'nobody' }).errorShare, defaultRules.errorShare);
  assert.equal(rulesIn(state, { site: 'shop.test' }).errorShare, 0.5);
  assert.equal(rulesIn(state, { site: 'other.test' }).errorShare, defaultRules.errorShare);
  assert.equal(rulesIn(state, null).diskFreeShare, 0.2);
  assert.equal(rulesIn({ ...state, metrics: {} }, null).diskFreeShare, defaultRules.diskFreeShare);
});

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

test('errors of a site: 5% of two whole minutes, of a request a second; over when it is half of that', (t) => {
  const { make, told } = board(t);
  const alerts = make();
  alerts.look(reading(0, 0, 0), []);
  alerts.look(reading(60_000, 6_000, 600), []);
  assert.deepEqual(told, [], 'the time is not over');
  alerts.look(reading(120_000, 12_000, 1_200), []);
  assert.deepEqual(told.splice(0), ['alert.raised errors.many example.com']);
  alerts.look(reading(180_000, 18_000, 1_300), []);
  alerts.look(reading(240_000, 24_000, 1_600), []);
  assert.deepEqual(told, [], 'between the two');
  const next = make();
  next.look({ ...reading(250_000, 0), traffic: { ...noTraffic, routes: [] } }, []);
  next.look(reading(255_000, 10_000, 9_000), []);
  next.look(reading(260_000, 10_100, 9_000), []);
  assert.deepEqual(told, [], 'a new daemon has not seen enough to say that it is over');
  next.look(reading(270_000, 10_250, 9_000), []);
  assert.deepEqual(
    told.splice(0),
    ['alert.cleared errors.many example.com'],
    'what was before it is no matter',
  );
  next.look(reading(290_000, 15_000, 12_000), []);
  assert.deepEqual(told, [], 'not nearly all, and the time is not over');
  next.look(reading(400_000, 30_000, 28_000), []);
  assert.deepEqual(told, ['alert.raised errors.many example.com'], 'a second wave is told');
});

test('that nearly everything fails is told at once, and a few requests are no measure', (t) => {
  const { make, told } = board(t);
  const alerts = make();
  alerts.look(reading(0, 0, 0), []);
  alerts.look(reading(10_000, 100, 100), []);
  assert.deepEqual(told, [], 'too few to say');
  alerts.look(reading(20_000, 200, 195), []);
  assert.deepEqual(told.splice(0), ['alert.raised errors.many example.com']);
  alerts.look(reading(200_000, 210, 200), []);
  assert.deepEqual(told, [], 'nobody comes any more, and the few that do get errors');
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
  const view = (days: number | null, status: CertificateView['status'], note: string | null) => ({
    ...({ site: 's', from: 'acme', names: [], issuer: null, note, status } as const),
    notAfter: days === null ? null : new Date(days * 24 * HOUR_MS).toISOString(),
  });
  const found = (...args: Parameters<typeof view>) =>
    certificateFindings([view(...args)], 0, () => defaultRules).map(
      ({ kind, state, level }) => `${kind} ${state} ${level}`,
    );
  assert.deepEqual(found(20, 'ok', 'it is renewed by itself'), []);
  assert.deepEqual(found(9, 'expiring', null), ['certificate.expiring bad warning']);
  assert.deepEqual(found(9, 'expiring', 'no answer'), [
    'certificate.refused unsure warning',
    'certificate.expiring bad warning',
  ]);
  assert.deepEqual(found(-1, 'expired', null), ['certificate.expiring bad failing']);
  assert.deepEqual(found(20, 'refused', 'no answer'), ['certificate.refused bad warning']);
  assert.deepEqual(found(null, 'refused', 'no answer'), ['certificate.refused bad failing']);
  assert.deepEqual(found(null, 'missing', null), ['certificate.refused unsure failing']);
});

test('what has become worse is told once more, and nothing is told to be over that is not', (t) => {
  const { make, told } = board(t);
  const alerts = make();
  const look = (at: number, days: number, status: CertificateView['status'], note: string | null) =>
    alerts.look(reading(at, 0), [
      {
        ...{ site: 's', from: 'acme', names: [], issuer: null, status, note },
        notAfter: new Date(days * 24 * HOUR_MS).toISOString(),
      },
    ]);
  look(0, 30, 'refused', 'no answer');
  look(20_000, 9, 'expiring', 'no answer');
  look(40_000, 8, 'expiring', 'no answer');
  look(60_000, -1, 'expired', 'no answer');
  assert.deepEqual(told.splice(0), [
    'alert.raised certificate.refused s',
    'alert.raised certificate.expiring s',
    'alert.raised certificate.expiring s',
  ]);
  look(80_000, 80, 'ok', null);
  assert.deepEqual(told, ['alert.cleared certificate.refused s', 'alert.cleared certificate.expiring s']);
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
  assert.deepEqual(
    diskFindings('/home', null, [], 0.1).map(({ state }) => state),
    ['unsure'],
    'it does not answer',
  );
});
