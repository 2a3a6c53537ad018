import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DURATION_CLASSES_MS } from '../../protocol/traffic-counts.ts';
import { judgeCrashes, judgeErrors, judgeLatency } from './judge.ts';
import type { Figures } from './promotion.ts';

const figures = (errors: number, requests: number): Figures => ({ requests, errors, durations: [] });

test('errors: enough of them, and more than chance', () => {
  const rows: [new_: [number, number], old: [number, number], bad: boolean][] = [
    [[37, 210], [0, 1900], true],
    [[0, 5000], [100, 1900], false],
    [[2, 20], [0, 1900], false], // anybody's
    [[3, 19], [0, 1900], false], // too few requests
    [[3, 20], [0, 1900], true],
    [[10, 1000], [10, 1000], false], // as before
    [[14, 1000], [10, 1000], false], // chance
    [[40, 1000], [10, 1000], true],
    [[20, 20], [0, 0], true], // nothing to compare with
    [[3, 100], [0, 0], false],
    [[500, 1000], [500, 1000], false], // a database is down, for both
  ];
  for (const [fresh, old, bad] of rows) {
    const said = judgeErrors(figures(...fresh), figures(...old));
    assert.equal(said !== null, bad, `${fresh} against ${old}: ${said}`);
  }
  assert.equal(
    judgeErrors(figures(37, 210), figures(0, 1900)),
    '5xx: 37 of 210 requests (18 %), the release before had 0 of 1900',
  );
  assert.match(judgeErrors(figures(20, 20), figures(0, 0)) ?? '', /no figures of the release before$/);
});

/** So many answers of each of these durations. */
function durations(...all: readonly [ms: number, count: number][]): Figures {
  const row = Array.from({ length: DURATION_CLASSES_MS.length + 1 }, () => 0);
  for (const [ms, count] of all) {
    const found = DURATION_CLASSES_MS.findIndex((end) => ms <= end);
    row[found === -1 ? DURATION_CLASSES_MS.length : found] = count;
  }
  return { requests: row.reduce((sum, count) => sum + count, 0), errors: 0, durations: row };
}

test('latency: far above, and enough requests to say so', () => {
  const usual = durations([10, 1000]);
  const rows: [fresh: Figures, old: Figures, bad: boolean][] = [
    [durations([500, 300]), usual, true],
    [durations([10, 290], [2000, 10]), usual, false], // a few
    [durations([10, 270], [2000, 30]), usual, true],
    [durations([75, 300]), usual, false], // more than three times, but who notices
    [durations([500, 150]), usual, false], // too few
    [durations([500, 300]), durations([10, 100]), false],
    [durations([1000, 300]), durations([400, 1000]), false], // not three times
    [durations([100_000, 300]), usual, true],
    [durations([100_000, 300]), durations([100_000, 300]), false],
  ];
  for (const [index, [fresh, old, bad]] of rows.entries())
    assert.equal(judgeLatency(fresh, old) !== null, bad, `row ${index}`);
  assert.match(
    judgeLatency(durations([500, 300]), usual) ?? '',
    /^slow: 95 % of 300 requests took up to \d+ms, with the release before up to \d+ms$/,
  );
});

test('crashes: more than the release before had', () => {
  assert.equal(judgeCrashes(0, 0), null);
  assert.equal(judgeCrashes(2, 2), null);
  assert.equal(judgeCrashes(1, 0), 'crashed once, the release before did not');
  assert.equal(judgeCrashes(3, 1), 'crashed 3 times, the release before did once in ten minutes');
});
