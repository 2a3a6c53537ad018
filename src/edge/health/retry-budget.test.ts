import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RetryBudget } from './retry-budget.ts';

function spendAll(budget: RetryBudget, now: number): number {
  let spent = 0;
  while (spent < 100_000 && budget.spend(now)) spent++;
  return spent;
}

test('it begins with what ten seconds bring, and has that again when it was left alone', () => {
  const budget = new RetryBudget({ share: 0.2, perSecond: 10 }, 0);
  assert.equal(spendAll(budget, 0), 100);
  assert.equal(spendAll(budget, 1_000), 9);
  assert.equal(spendAll(budget, 1_000_000), 100);
});

test('each request brings its share, and what is not used melts away', () => {
  const budget = new RetryBudget({ share: 0.25, perSecond: 0 }, 0);
  assert.equal(budget.spend(0), false);
  for (let i = 0; i < 400; i++) budget.earn();
  assert.equal(spendAll(budget, 0), 100);
  for (let i = 0; i < 400; i++) budget.earn();
  assert.equal(spendAll(budget, 60_000), 0);
});

test('without share and time nothing is sent again', () => {
  const budget = new RetryBudget({ share: 0, perSecond: 0 }, 0);
  budget.earn();
  assert.equal(budget.spend(10_000), false);
});

test('other rules count from now on; the same rules, read again, change nothing', () => {
  const budget = new RetryBudget({ share: 0, perSecond: 1 }, 0);
  assert.equal(spendAll(budget, 0), 10);
  budget.follow({ share: 0, perSecond: 1 });
  assert.equal(spendAll(budget, 0), 0);
  budget.follow({ share: 0, perSecond: 2 });
  assert.equal(spendAll(budget, 0), 20);
});

test('never more than the requests and the time have brought', () => {
  const step = fc.record({ wait: fc.nat(2_000), requests: fc.nat(50), retries: fc.nat(100) });
  fc.assert(
    fc.property(
      fc.array(step),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(20),
      (steps, share, perSecond) => {
        const budget = new RetryBudget({ share, perSecond }, 0);
        let now = 0;
        let brought = perSecond * 10;
        let spent = 0;
        for (const { wait, requests, retries } of steps) {
          now += wait;
          brought += (wait / 1_000) * perSecond + requests * share;
          for (let i = 0; i < requests; i++) budget.earn();
          for (let i = 0; i < retries; i++) if (budget.spend(now)) spent++;
          assert.ok(spent <= brought + 1e-6, `${spent} of ${brought}`);
        }
      },
    ),
  );
});
