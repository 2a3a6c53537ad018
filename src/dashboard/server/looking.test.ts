import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { LogLine } from '../../protocol/dashboard.ts';
import { difference, type LiveState } from './live/difference.ts';
import { ratesOf } from './live/rates.ts';
import { pageOf, readLogPage } from './logs/page.ts';
import { readLogRequest } from './logs/query.ts';

const line = (second: number, text: string): LogLine => ({
  time: `2026-03-01T12:00:${String(second).padStart(2, '0')}.000Z`,
  instance: 'web.0',
  stream: 'out',
  text,
});

test('pages of a log go on where the one before began, also within one moment, through files that are compressed', async (t) => {
  const dir = `${tempDir(t)}/logs`;
  mkdirSync(dir);
  const lines = Array.from({ length: 20 }, (_, i) => line(Math.floor(i / 7), `Order ${i} paid`));
  const text = (some: readonly LogLine[]) =>
    some.map((one) => `${one.time} ${one.instance} out ${one.text}\n`).join('');
  writeFileSync(`${dir}/web.log.2026-03-01T12-00-01.500Z.gz`, gzipSync(text(lines.slice(0, 14))));
  writeFileSync(`${dir}/web.log`, text(lines.slice(14)));
  const seen: LogLine[] = [];
  let cursor: string | null = null;
  do {
    const fields = new URLSearchParams({
      limit: '3',
      query: 'PAID order',
      ...(cursor && { before: cursor }),
    });
    const page = await readLogPage(dir, readLogRequest('web', fields));
    seen.unshift(...page.lines);
    cursor = page.cursor;
  } while (cursor !== null);
  assert.deepEqual(seen, lines);
});

test('a page of huge lines is a short one', () => {
  const huge = Array.from({ length: 100 }, (_, i) => line(i % 60, 'x'.repeat(64 * 1024)));
  const page = pageOf(huge, { until: null, skip: 0, limit: 100 });
  assert.ok(page.lines.length < 40 && page.lines.length > 0);
  assert.notEqual(page.cursor, null);
});

test('what cannot be searched for is told', () => {
  for (const bad of [
    { query: '/(/' },
    { limit: '0' },
    { before: 'x' },
    { since: 'soon' },
    { stream: 'in' },
    { query: 'x'.repeat(501) },
  ])
    assert.throws(() => readLogRequest('web', new URLSearchParams(bad as Record<string, string>)), {
      code: 'BAD_REQUEST',
    });
});

test('only what is new is told; that an instance runs a second longer is not', () => {
  const { total } = ratesOf(null);
  const app = (uptimeMs: number, status: string) =>
    ({ name: 'web', instances: [{ id: 'web.0', uptimeMs, nextStartMs: null, status }] }) as never;
  const state = (apps: LiveState['apps']): LiveState => ({ apps, sites: {}, total, promotions: [] });
  assert.deepEqual(difference(state({ web: app(1, 'ready') }), state({ web: app(2, 'ready') })), {});
  const changed = difference(
    state({ web: app(1, 'ready'), old: app(1, 'ready') }),
    state({ web: app(2, 'failed') }),
  );
  assert.deepEqual(changed, { apps: { web: app(2, 'failed'), old: null } });
});
