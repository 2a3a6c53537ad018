import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appRoute } from '../../test/support/plans.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { siteDefaults } from '../config/traffic-defaults.ts';
import { HoldfastError } from '../errors.ts';
import { FakeClock } from '../kit/clock.ts';
import type { EventType } from '../protocol/events.ts';
import { Pausing, pauseNotes } from './pausing.ts';
import { DesiredStore } from './state.ts';

function storeIn(dir: string, clock: FakeClock): DesiredStore {
  return new DesiredStore({ dir, clock, onUnsaved: assert.fail, onEdit: () => undefined });
}

test('a pause is kept on disk with its limits, is said once, and ends only when somebody resumes it', async (t) => {
  const dir = tempDir(t);
  const clock = new FakeClock(Date.parse('2026-03-01T12:00:00Z'));
  const store = storeIn(dir, clock);
  const site = { ...siteDefaults, host: 'a.test', routes: [appRoute('/', 'web')], tls: null, content: null };
  store.edit((state) => ({ ...state, sites: { 'a.test': { site, source: '/a.js' } } }));
  const said: [EventType, unknown][] = [];
  let settled = 0;
  const pausing = new Pausing({
    store,
    journal: { record: (type, event) => said.push([type, event?.data]) as never },
    now: () => clock.now(),
    settled: async () => void settled++,
  });
  assert.deepEqual(pausing.view()[0]?.apps, ['web']);
  assert.deepEqual((await pausing.pause('a.test', { timeoutMs: 10_000 })).paused, {
    timeoutMs: 10_000,
    maxWaiting: 10_000,
    since: '2026-03-01T12:00:00.000Z',
  });
  clock.advance(90_000);
  await pausing.pause('a.test', { timeoutMs: 5_000, maxWaiting: 3 });
  const next = storeIn(dir, clock);
  await next.load();
  assert.deepEqual(next.state.sites['a.test'], {
    site,
    source: '/a.js',
    paused: { timeoutMs: 5_000, maxWaiting: 3 },
    pausedAt: '2026-03-01T12:00:00.000Z',
  });
  assert.match(
    pauseNotes(store.state, ['a.test'])[0] ?? '',
    /a\.test is paused since 2026-03-01 12:00:00 UTC/,
  );
  assert.equal((await pausing.resume('a.test')).paused, null);
  assert.deepEqual(store.state.sites['a.test'], { site, source: '/a.js' });
  await pausing.resume('a.test');
  assert.deepEqual(
    said.map(([type]) => type),
    ['site.paused', 'site.paused', 'site.resumed'],
  );
  assert.deepEqual(said[2]?.[1], { site: 'a.test', tookMs: 90_000 });
  assert.equal(settled, 3);
  await assert.rejects(pausing.pause('b.test', {}), /There is no site "b\.test": there are "a\.test"/);
  for (const timeoutMs of [0, -1, 1.5, 4_000_000, Number.NaN, '9' as unknown as number]) {
    await assert.rejects(pausing.pause('a.test', { timeoutMs }), HoldfastError);
  }
  store.close();
});
