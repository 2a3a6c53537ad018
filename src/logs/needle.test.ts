import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineSplitter } from './file-lines.ts';
import { needleOf } from './needle.ts';

test('the longest text that must be there', () => {
  const cases: readonly [RegExp, string | undefined][] = [
    [/user 42/, 'user 42'],
    [/GET \/api\/.* 500$/, 'GET /api/'],
    [/a\.b+cdef.*d/, 'cdef'],
    [/colou?r/, 'colo'],
    [/ab*/, undefined],
    [/timeout|refused/, undefined],
    [/(a)bc/, undefined],
    [/[ab]cd/, undefined],
    [/user 42/i, undefined],
    [/\d+ errors\b/, ' errors'],
    [/größer?/, 'größe'],
    [/x+/, undefined],
    [/\x41bcd\u0041ef/, 'bcd'],
  ];
  for (const [pattern, needle] of cases) assert.equal(needleOf(pattern)?.toString(), needle, String(pattern));
});

test('lines that hold it are all there, wherever chunks end', () => {
  const needle = Buffer.from('NEEDLE');
  const text = Array.from({ length: 200 }, (_, n) => (n % 17 === 0 ? `${n} with NEEDLE` : `line ${n}`)).join(
    '\n',
  );
  const bytes = Buffer.from(`${text}\n`);
  const wanted = text.split('\n').filter((line) => line.includes('NEEDLE'));
  for (const size of [1, 5, 16, 100, 333, 5000]) {
    const splitter = new LineSplitter(needle);
    const seen: string[] = [];
    for (let at = 0; at < bytes.length; at += size)
      seen.push(...splitter.push(bytes.subarray(at, at + size)).map(String));
    assert.deepEqual(
      seen.filter((line) => line.includes('NEEDLE')),
      wanted,
      `chunks of ${size}`,
    );
    assert.ok(seen.every((line) => /^(line \d+|\d+ with NEEDLE)$/.test(line)));
  }
});
