import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertChecks } from './alerts.ts';

test('an alert that stands is bad or a warning, and what has a check of its own is said once', () => {
  const alert = (kind: string, level: 'warning' | 'failing') => ({ kind, level, subject: 's', text: 'so' });
  const checks = alertChecks([
    alert('errors.many', 'failing'),
    alert('app.failed', 'failing'),
    alert('certificate.expiring', 'warning'),
    alert('disk.filling', 'warning'),
    alert('of.tomorrow', 'warning'),
  ]);
  assert.deepEqual(
    checks.map(({ state, about, text }) => [state, about, text]),
    [
      ['bad', 'alert', 'so'],
      ['warn', 'alert', 'so'],
      ['warn', 'alert', 'so'],
    ],
  );
  assert.ok(checks.every(({ advice }) => advice !== null));
  assert.deepEqual(alertChecks([]), []);
});
