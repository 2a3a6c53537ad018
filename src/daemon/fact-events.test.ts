import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SupervisorFact } from '../supervisor/supervisor.ts';
import { eventOf } from './fact-events.ts';

const app = { name: 'web' };
const instance = { id: 'web.0', running: { record: { pid: 7 } } };

function about(fact: object): object {
  return eventOf({ kind: 'instance', app, instance, fact } as unknown as SupervisorFact);
}

test('a fact of an instance says whose it is, why, and its figures', () => {
  const who = { app: 'web', instance: 'web.0', pid: 7 };
  assert.deepEqual(about({ type: 'ready', tookMs: 5 }), {
    ...who,
    type: 'instance.ready',
    data: { tookMs: 5 },
  });
  const exit = { code: null, signal: 'SIGSEGV' };
  assert.deepEqual(about({ type: 'crashed', exit, reason: 'killed by SIGSEGV (crashed)', uptimeMs: 9 }), {
    ...who,
    type: 'instance.crashed',
    reason: 'killed by SIGSEGV (crashed)',
    data: { ...exit, uptimeMs: 9 },
  });
});

test('an end that was asked for is no killing, unless it had to be one', () => {
  const reason = (exit: object) => (about({ type: 'stopped', exit }) as { reason?: string }).reason;
  assert.equal(reason({ code: null, signal: 'SIGTERM' }), 'ended by SIGTERM');
  assert.equal(reason({ code: null, signal: 'SIGKILL' }), 'killed by SIGKILL');
  assert.equal(reason({ code: 0, signal: null }), 'exited with code 0');
  assert.equal(reason({ code: null, signal: null }), undefined);
});

test('a rollout says which instance it failed at', () => {
  const fact = { type: 'failed', reason: 'not ready', instance };
  const event = eventOf({ kind: 'rollout', app, fact } as unknown as SupervisorFact);
  assert.deepEqual(event, { app: 'web', instance: 'web.0', type: 'rollout.failed', reason: 'not ready' });
});
