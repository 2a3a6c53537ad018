import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatDuration, parseBytes, parseDuration } from './units.ts';

test('durations are read', () => {
  const cases: Record<string, number> = {
    '100ms': 100,
    '10s': 10_000,
    '5m': 300_000,
    '1h': 3_600_000,
    '2d': 172_800_000,
    '1.5h': 5_400_000,
    '1h 30m': 5_400_000,
    '1h30m': 5_400_000,
    ' 0s ': 0,
  };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text);
});

test('what is no duration is refused', () => {
  for (const text of ['', '10', 's', 'ten', '-1s', '1 s', '1w', '1s2', '1..5s', '1e3s', '999999999999d']) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('sizes are read in steps of 1024', () => {
  const cases: Record<string, number> = {
    '1B': 1,
    '10KB': 10_240,
    '512MB': 536_870_912,
    '1GB': 1_073_741_824,
    '1.5 gb': 1_610_612_736,
    '2TB': 2 * 1024 ** 4,
  };
  for (const [text, bytes] of Object.entries(cases)) assert.equal(parseBytes(text), bytes, text);
});

test('what is no size is refused', () => {
  for (const text of ['', '10', 'MB', '-1MB', '1MiB', '1 M B', '9999999TB']) {
    assert.equal(parseBytes(text), undefined, text);
  }
});

test('durations are written with their two largest units', () => {
  const cases: [number, string][] = [
    [0, '0ms'],
    [850, '850ms'],
    [999.9, '999ms'],
    [4_200, '4.2s'],
    [9_999, '9.9s'],
    [12_000, '12s'],
    [59_999, '59s'],
    [252_000, '4m 12s'],
    [3_600_000, '1h'],
    [266_400_000, '3d 2h'],
    [-252_000, '-4m 12s'],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
});

test('sizes are written with the unit that fits', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [512, '512 B'],
    [1023, '1023 B'],
    [1024, '1 KB'],
    [1500, '1.5 KB'],
    [62 * 1024 ** 2, '62 MB'],
    [1023.99 * 1024, '1 MB'],
    [1.4 * 1024 ** 3, '1.4 GB'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});
