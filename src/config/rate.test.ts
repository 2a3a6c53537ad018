import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RateRule } from '../protocol/traffic-rules.ts';
import { Refusal } from './kinds.ts';
import { parseRate } from './rate.ts';
import { printRate } from './traffic-diff.ts';

test('a rate is read, and printed as it would be written', () => {
  const rate = (requests: number, perMs: number, burst: number, by: RateRule['by']) => ({
    requests,
    perMs,
    burst,
    by,
  });
  const rates: readonly (readonly [string, RateRule, string])[] = [
    ['100/s', rate(100, 1000, 100, { kind: 'ip' }), '100/s burst 100 per ip'],
    ['100/s burst 200 per ip', rate(100, 1000, 200, { kind: 'ip' }), '100/s burst 200 per ip'],
    [' 5 / 10s per all ', rate(5, 10_000, 5, { kind: 'all' }), '5/10s burst 5 per all'],
    ['1/m per cookie Sid', rate(1, 60_000, 1, { kind: 'cookie', name: 'Sid' }), '1/m burst 1 per cookie Sid'],
    [
      '9/h per header X-Api-Key burst 3',
      rate(9, 3_600_000, 3, { kind: 'header', name: 'x-api-key' }),
      '9/h burst 3 per header x-api-key',
    ],
  ];
  for (const [text, rule, printed] of rates) {
    assert.deepEqual(parseRate(text), rule, text);
    assert.equal(printRate(rule), printed);
    assert.deepEqual(parseRate(printed), rule, printed);
  }
});

test('what is no rate is refused, with what would be right', () => {
  const refusal = (text: string) => {
    const read = parseRate(text);
    return read instanceof Refusal ? read.text : read;
  };
  for (const text of ['', '100', 'fast', '/s', '-1/s', '1.5/s']) assert.equal(refusal(text), undefined, text);
  assert.match(String(refusal('0/s')), /at least one request: got "0\/s"/);
  assert.match(String(refusal('1/y')), /per "s", "m", "h" or a time/);
  assert.match(String(refusal('1/s burst')), /such as "burst 200"/);
  assert.match(String(refusal('1/s burst 0')), /such as "burst 200"/);
  assert.match(String(refusal('1/s per Cookie x')), /did you mean "cookie"/);
  assert.match(String(refusal('1/s per header')), /such as "per header X-Api-Key"/);
  assert.match(String(refusal('1/s per header a:b')), /name the header/);
  assert.match(String(refusal('1/s per ip per all')), /must be a rate, then/);
  assert.match(String(refusal('1/s bursts 3')), /must be a rate, then/);
});
