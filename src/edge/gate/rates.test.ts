import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RateRule } from '../../protocol/traffic-rules.ts';
import { parseRequestHead, type RequestHead } from '../http1/request-head.ts';
import { networkOf } from '../network.ts';
import { Rate } from './rate.ts';
import { limited, RateLimit } from './rates.ts';

test('a rate lets through its burst, then exactly its share, whatever the numbers', () => {
  for (const [requests, perMs, burst] of [
    [100, 1000, 200],
    [7, 1000, 1],
    [13, 60_000, 5],
    [5_000, 1000, 1],
    [1, 3_600_000, 3],
  ] as const) {
    const rate = new Rate({ requests, perMs, burst });
    const start = 1_000_000.25;
    for (let i = 0; i < burst; i++) {
      assert.equal(rate.wait('a', start), 0);
      rate.count('a', start);
    }
    const waitMs = rate.wait('a', start);
    assert.ok(Math.abs(waitMs - perMs / requests) < 0.001, `${waitMs}`);
    let count = 0;
    for (let now = start; now <= start + perMs * 20; now += Math.max(0.001, rate.wait('a', now))) {
      if (rate.wait('a', now) > 0) continue;
      rate.count('a', now);
      count++;
    }
    // Who comes a microsecond late with a burst of 1 loses that.
    const share = requests * 20;
    assert.ok(count <= share + 1 && count >= share * 0.99 - 1, `${count} of ${share}`);
  }
});

test('clients do not know of each other, and are forgotten when they could come as often as anybody', () => {
  const rate = new Rate({ requests: 1, perMs: 1000, burst: 2 });
  rate.count('a', 0);
  rate.count('a', 0);
  assert.equal(rate.wait('a', 0), 1000);
  assert.equal(rate.wait('b', 0), 0);
  rate.count('b', 1_500);
  assert.equal(rate.size, 2);
  rate.count('c', 2_500);
  assert.equal(rate.wait('b', 2_500), 0);
  rate.count('c', 20_000);
  assert.equal(rate.size, 1);
});

test('a crowd of strangers resets nobody and costs no more memory', () => {
  const rate = new Rate({ requests: 1, perMs: 60_000, burst: 1 }, 1_000);
  rate.count('known', 0);
  for (let i = 0; i < 20_000; i++) rate.count(`stranger ${i}`, 1);
  assert.equal(rate.size, 1_000);
  assert.ok(rate.wait('known', 2) > 59_000);
  assert.ok(rate.wait('stranger 19999', 2) > 59_000);
});

test('who makes up a value for each request takes the place of nobody else, and comes only as often as an office may', () => {
  const limit = new RateLimit({
    requests: 60,
    perMs: 60_000,
    burst: 2,
    by: { kind: 'header', name: 'x-key' },
  });
  const get = (value: number, ip: string, now: number) =>
    limited([limit], headOf(`X-Key: ${value}`), ip, now) === undefined;
  let passed = 0;
  for (let i = 0; i < 1_000; i++) if (get(i, '10.0.0.1', 1)) passed++;
  assert.equal(passed, 200);
  assert.ok(get(5_000, '10.0.0.2', 1));
  assert.equal(get(5_001, '10.0.0.1', 1), false);
  assert.ok(get(5_001, '10.0.0.1', 20));
  // When there is no room to tell more apart: what they share is their network.
  const rate = new Rate({ requests: 1, perMs: 60_000, burst: 1 }, 100);
  for (let i = 0; i < 20_000; i++) rate.count(`#${i}`, 1, '10.0.0.1');
  const refused = Array.from({ length: 100 }, (_, i) => `10.1.0.${i}`).filter(
    (ip) => rate.wait(ip, 2, ip) > 0,
  );
  assert.ok(refused.length <= 1, `${refused.length}`);
  assert.ok(rate.wait('#new', 2, '10.0.0.1') > 59_000);
});

function headOf(...lines: string[]): RequestHead {
  const text = `GET / HTTP/1.1\r\nHost: a.test\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
  const head = parseRequestHead(text, text.length - 4);
  assert.ok('method' in head);
  return head;
}

test('who is one client: an address, an IPv6 network, a field, a cookie', () => {
  assert.equal(networkOf('10.0.0.1'), '10.0.0.1');
  assert.equal(networkOf('::ffff:10.0.0.1'), '10.0.0.1');
  const same = [
    '2001:db8:0:1::7',
    '2001:0DB8::1:aaaa:bbbb:cccc:dddd',
    '2001:db8:0:1:1:2:3:4',
    '2001:db8:0:1::%eth0',
  ];
  assert.deepEqual([...new Set(same.map(networkOf))], ['2001:db8:0:1::/64']);
  assert.equal(networkOf('::1'), '0:0:0:0::/64');
  assert.equal(networkOf('64:ff9b::10.0.0.1'), '64:ff9b:0:0::/64');
  assert.notEqual(networkOf('2001:db8:0:2::7'), networkOf('2001:db8:0:1::7'));
  const rule = (by: RateRule['by']) => new RateLimit({ requests: 1, perMs: 1000, burst: 1, by });
  const byKey = rule({ kind: 'header', name: 'X-Api-Key' });
  assert.notEqual(
    byKey.keyOf(headOf('x-api-key: one'), '10.0.0.1'),
    byKey.keyOf(headOf('X-Api-Key: two'), '10.0.0.1'),
  );
  assert.doesNotMatch(byKey.keyOf(headOf('X-Api-Key: secret'), '10.0.0.1'), /secret/);
  assert.ok(byKey.keyOf(headOf(`X-Api-Key: ${'x'.repeat(8000)}`), '').length < 40);
  assert.equal(byKey.keyOf(headOf(), '10.0.0.1'), '10.0.0.1');
  const byCookie = rule({ kind: 'cookie', name: 'sid' });
  assert.equal(
    byCookie.keyOf(headOf('Cookie: a=b; sid=1'), '10.0.0.1'),
    byCookie.keyOf(headOf('Cookie: sid=1'), '10.0.0.2'),
  );
  assert.equal(byCookie.keyOf(headOf('Cookie: a=b'), '10.0.0.2'), '10.0.0.2');
  assert.equal(rule({ kind: 'all' }).keyOf(headOf(), 'x'), rule({ kind: 'all' }).keyOf(headOf(), 'y'));
});

test('a request that one rule turns away counts for none', () => {
  const rule = (requests: number, burst: number) =>
    new RateLimit({ requests, perMs: 10_000, burst, by: { kind: 'ip' } });
  const limits = [rule(10, 5), rule(1, 1)];
  const ask = (now: number) => limited(limits, headOf(), '10.0.0.1', now);
  assert.equal(ask(0), undefined);
  for (let i = 0; i < 10; i++) assert.match(ask(1)?.extra ?? '', /^Retry-After: 10\r\n$/);
  assert.match(ask(9_500)?.extra ?? '', /Retry-After: 1\r\n/);
  assert.equal(ask(10_000), undefined);
  assert.equal(limits[0]?.wait('10.0.0.1', '10.0.0.1', 10_000), 0);
});
