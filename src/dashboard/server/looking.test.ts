import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { LogLine, LogPage } from '../../protocol/dashboard.ts';
import { difference, type LiveState } from './live/difference.ts';
import { ratesOf } from './live/rates.ts';
import { pageOf, readLogPage } from './logs/page.ts';
import { readLogRequest } from './logs/query.ts';
import { LogSearches } from './logs/search.ts';

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

test('what is followed begins where the page ended, within one moment too, and again where it stopped', async (t) => {
  const dir = `${tempDir(t)}/logs`;
  mkdirSync(dir);
  const now = Date.parse('2026-03-01T12:00:02Z');
  const lines = Array.from({ length: 8 }, (_, i) => line(Math.floor(i / 5), `Order ${i} paid`));
  const write = (some: readonly LogLine[]) =>
    appendFileSync(
      `${dir}/web.log`,
      some
        .map((one) => `${one.time} ${one.instance} out ${one.text}\n${one.time} web.0 out noise\n`)
        .join(''),
    );
  const query = { query: 'paid' };
  const follow = async (after: string, count: number): Promise<{ text: string; id: string }[]> => {
    const ended = new AbortController();
    const came: { text: string; id: string }[] = [];
    const send = (json: string, { id = '' } = {}) => {
      came.push({ text: (JSON.parse(json) as LogLine).text, id });
      if (came.length === count) ended.abort();
    };
    const request = readLogRequest('web', new URLSearchParams({ ...query, after }));
    const stream = { send, signal: ended.signal, room: async () => undefined };
    await new LogSearches(dir).follow(request, stream);
    return came;
  };
  write(lines.slice(0, 3));
  const page = await readLogPage(dir, readLogRequest('web', new URLSearchParams(query)), now);
  assert.deepEqual(page.lines, lines.slice(0, 3));
  write(lines.slice(3));
  const first = await follow(page.after, 2);
  const rest = await follow(first[1]?.id ?? '', 3);
  const texts = [...first.slice(0, 2), ...rest].map(({ text }) => text);
  assert.deepEqual(
    texts.slice(0, 5),
    lines.slice(3).map(({ text }) => text),
  );
});

test('a search that is cut off tells what it has found, and how it goes on', async (t) => {
  const dir = `${tempDir(t)}/logs`;
  mkdirSync(dir);
  const day = (date: number) => `2026-03-${String(date).padStart(2, '0')}T12:00:00.000Z`;
  const days = [1, 20, 27, 28];
  writeFileSync(`${dir}/web.log`, days.map((date) => `${day(date)} web.0 out order ${date}\n`).join(''));
  const told: LogPage[] = [];
  const query = { query: 'order' };
  const now = Date.parse(day(28)) + 60_000;
  await readLogPage(dir, readLogRequest('web', new URLSearchParams(query)), now, (page) => told.push(page));
  assert.deepEqual(
    told.map(({ lines }) => lines.length),
    [1, 1, 1, 2, 4],
  );
  const cut = told[2];
  assert.equal(cut?.searchedTo, '2026-03-27T12:01:00.000Z');
  const older = new URLSearchParams({ ...query, before: cut?.cursor ?? '' });
  const rest = await readLogPage(dir, readLogRequest('web', older), now);
  assert.deepEqual(
    rest.lines.map(({ text }) => text),
    ['order 1', 'order 20', 'order 27'],
  );
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
