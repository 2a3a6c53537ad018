import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rejections } from './rejections.ts';

test('one event and one note of a site, of however many edges, until it is over or they are gone', () => {
  const events: string[] = [];
  const alive = new Set(['@edge.0#1', '@edge.1#1']);
  const rejections = new Rejections({
    journal: {
      record: (type) => {
        events.push(type);
        return { seq: events.length, time: '', type };
      },
    },
    isAlive: (edge) => alive.has(edge),
  });
  const row = { site: 'a.test', reason: 'clients do not accept its certificate' };
  rejections.heard('@edge.0#1', [row]);
  rejections.heard('@edge.1#1', [row]);
  assert.deepEqual(events, ['certificate.rejected']);
  assert.deepEqual(rejections.notes, [
    'site a.test: nobody connects by TLS any more: clients do not accept its certificate',
  ]);
  rejections.heard('@edge.0#1', []);
  assert.equal(rejections.notes.length, 1);
  alive.delete('@edge.1#1');
  assert.deepEqual(rejections.notes, []);
});
