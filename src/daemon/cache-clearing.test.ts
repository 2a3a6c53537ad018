import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appRoute } from '../../test/support/plans.ts';
import { siteDefaults } from '../config/traffic-defaults.ts';
import { FakeClock } from '../kit/clock.ts';
import type { ToChild } from '../protocol/link.ts';
import { CacheClearing, type EdgeLink } from './cache-clearing.ts';

const rules = { totalBytes: 1, entryBytes: 1 };
const siteOf = (host: string, cache: typeof rules | null) => ({
  site: { ...siteDefaults, host, cache, routes: [appRoute('/', 'web')], tls: null, content: null },
  source: '/a.js',
});

function setUp(edges: number) {
  const asked: [string, ToChild][] = [];
  const links: EdgeLink[] = Array.from({ length: edges }, (_, i) => ({
    key: `@edge.${i}#1`,
    send: (message) => void asked.push([`@edge.${i}#1`, message]),
  }));
  const clock = new FakeClock();
  const sites = { 'a.test': siteOf('a.test', rules), 'b.test': siteOf('b.test', null) };
  const caches = new CacheClearing({ clock, links: () => links, state: () => ({ sites }) });
  return { caches, clock, asked, links };
}

test('every edge is asked, and what they threw out is added up; one that ends had its cache with it', async () => {
  const { caches, asked, links } = setUp(3);
  const cleared = caches.clear('a.test');
  assert.deepEqual(
    asked.map(([edge]) => edge),
    ['@edge.0#1', '@edge.1#1', '@edge.2#1'],
  );
  const [one, two, three] = links as [EdgeLink, EdgeLink, EdgeLink];
  caches.heard(one, { id: 1, answers: 3 });
  caches.heard(one, { id: 1, answers: 3 });
  caches.heard(two, { id: 1, answers: 4 });
  caches.gone(three);
  assert.deepEqual(await cleared, { site: 'a.test', answers: 7, edges: 3 });
});

test('all sites, also without an edge; what does not answer, what has no cache, and what is not there', async () => {
  assert.deepEqual(await setUp(0).caches.clear(null), { site: null, answers: 0, edges: 0 });
  const { caches, clock, links, asked } = setUp(2);
  const cleared = assert.rejects(caches.clear(null), /@edge\.1#1 does not answer/);
  assert.deepEqual(asked[0]?.[1], { type: 'clearCache', id: 1, site: null });
  caches.heard(links[0] as EdgeLink, { id: 1, answers: 1 });
  clock.advance(60_000);
  await cleared;
  await assert.rejects(caches.clear('b.test'), /Cannot clear the cache of "b\.test": it has none/);
  await assert.rejects(caches.clear('c.test'), /There is no site "c\.test": there are "a\.test", "b\.test"/);
});
