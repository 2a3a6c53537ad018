import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessLogRules } from '../protocol/traffic-rules.ts';
import { type AccessEntry, AccessLog, refusedEntry } from './access-log.ts';
import { parseRequestHead, type RequestHead } from './http1/request-head.ts';

const NOW = Date.UTC(2026, 0, 5, 7, 8, 9, 123);

function headOf(line: string, fields: readonly string[]): RequestHead {
  const text = [line, 'Host: a.test', ...fields, '', ''].join('\r\n');
  const head = parseRequestHead(text, text.length - 4);
  if ('reason' in head) assert.fail(head.reason);
  return head;
}

function entryOf(more: Partial<AccessEntry> = {}, fields: readonly string[] = []): AccessEntry {
  return {
    asked: headOf('GET /a?b=1 HTTP/1.1', fields),
    ip: '::1',
    scheme: 'https',
    protocol: undefined,
    requestId: '',
    site: '*.test',
    route: '/',
    app: 'web',
    attempts: 1,
    upstreamMs: 2.04,
    cache: undefined,
    requestBytes: 0,
    status: 200,
    bytes: 512,
    ms: 3.14,
    by: 'web.0#3',
    ...more,
  };
}

function lineOf(rules: Partial<AccessLogRules>, entry: AccessEntry): string {
  const lines: string[] = [];
  const given: AccessLogRules = { format: 'short', fields: [], sample: 1, ...rules };
  new AccessLog(given, (line) => lines.push(line), { now: () => NOW }).add(entry);
  assert.equal(lines.length, 1);
  return lines[0] as string;
}

test('short: a fixed number of columns', () => {
  assert.equal(lineOf({}, entryOf()), '::1 a.test GET /a?b=1 200 512 3.1ms web.0#3\n');
  assert.equal(lineOf({}, entryOf({ requestId: 'id' })), '::1 a.test GET /a?b=1 200 512 3.1ms web.0#3 id\n');
  assert.equal(lineOf({}, refusedEntry('::1', 400, 'why')), '::1 - - - 400 0 0.0ms why\n');
});

test('combined: as Apache and nginx write it', () => {
  const fields = ['User-Agent: curl/8', 'Referer: https://b.test/'];
  assert.equal(
    lineOf({ format: 'combined' }, entryOf({}, fields)),
    '::1 - - [05/Jan/2026:07:08:09 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "https://b.test/" "curl/8"\n',
  );
  assert.equal(
    lineOf({ format: 'combined' }, refusedEntry('::1', 400, 'why')),
    '::1 - - [05/Jan/2026:07:08:09 +0000] "-" 400 0 "-" "-"\n',
  );
  const second = entryOf({ protocol: 'HTTP/2.0' });
  assert.match(lineOf({ format: 'combined' }, second), /"GET \/a\?b=1 HTTP\/2\.0" 200/);
});

test('json: what there is, or what was chosen, in that order', () => {
  const fields = ['User-Agent: curl/8', 'Authorization: Bearer secret', 'Cookie: secret=1'];
  const line = lineOf({ format: 'json' }, entryOf({ cache: 'hit' }, fields));
  assert.deepEqual(JSON.parse(line), {
    time: '2026-01-05T07:08:09.123Z',
    ip: '::1',
    host: 'a.test',
    method: 'GET',
    target: '/a?b=1',
    protocol: 'HTTP/1.1',
    status: 200,
    bytes: 512,
    ms: 3.1,
    upstreamMs: 2,
    by: 'web.0#3',
    site: '*.test',
    route: '/',
    app: 'web',
    attempts: 1,
    cache: 'hit',
    userAgent: 'curl/8',
    scheme: 'https',
    requestBytes: 0,
  });
  assert.doesNotMatch(line, /secret/);
  const chosen = { format: 'json', fields: ['status', 'requestId', 'ip'] } as const;
  assert.equal(lineOf(chosen, entryOf()), '{"status":200,"ip":"::1"}\n');
});

test('whatever a client sends, a request is one line, and every part of it is where it belongs', () => {
  const evil = '"\\ - [x] \t\x80\xff\xc3\xbc';
  const fields = [`User-Agent: ${evil}"`, `Referer: ${evil}"`];
  for (const format of ['short', 'combined', 'json'] as const) {
    const line = lineOf({ format }, entryOf({ by: 'cause\nof \u2028 it', ip: '10.0.0.1' }, fields));
    assert.match(line, /^[\x20-\x7e]+\n$/, format);
    if (format === 'combined') {
      const parts = /^10\.0\.0\.1 - - \[[^\]]+\] "[^"\\]+" 200 512 "([^"]*)" "([^"]*)"\n$/.exec(line);
      assert.match(parts?.[2] ?? '', /^\\x22\\x5C - \[x\] \\x09/, line);
    }
    if (format === 'json') {
      const { userAgent, by } = JSON.parse(line) as { userAgent: string; by: string };
      assert.ok(userAgent.endsWith('ü"'), userAgent);
      assert.equal(by, 'cause\nof \u2028 it');
    }
  }
});

test('a sample is taken by chance, and all that has gone wrong', () => {
  let drawn = 0;
  const rules: AccessLogRules = { format: 'short', fields: [], sample: 0.25 };
  const log = new AccessLog(rules, () => undefined, { random: () => (drawn++ % 4) / 4 });
  const wanted = Array.from({ length: 8 }, () => log.wants(200));
  assert.equal(wanted.filter(Boolean).length, 2);
  assert.equal(drawn, 8);
  assert.ok(log.wants(500) && log.wants(503));
  assert.equal(new AccessLog({ ...rules, sample: 0 }, () => undefined).wants(404), false);
});
