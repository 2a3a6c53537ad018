import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { cleanup } from '../../test/support/cleanup.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { FakeClock } from '../kit/clock.ts';
import { askedBy } from './asker.ts';
import { Journal } from './journal.ts';

test('what a person asked for has who it was, however long it takes; what happens by itself has not', async (t) => {
  const journal = new Journal(join(tempDir(t), 'journal'), new FakeClock());
  cleanup(t, () => journal.close());
  const ask = (field: string | undefined) =>
    askedBy(field, async () => {
      await turn();
      journal.record('instance.ready', { app: 'web' });
      return journal.record('app.changed', { app: 'web', data: { change: 'scaled' } }).data;
    });
  const [ann, bob, nobody] = await Promise.all([
    ask(encodeURIComponent('änn@laptop from ::1')),
    ask('bob%40app1%0aforged'),
    ask(undefined),
  ]);
  assert.deepEqual(ann, { change: 'scaled', by: 'änn@laptop from ::1' });
  assert.deepEqual(bob, { change: 'scaled', by: 'bob@app1 forged' });
  assert.deepEqual(nobody, { change: 'scaled' });
  assert.deepEqual(await ask('%E0%A4%A'), { change: 'scaled' });
  assert.equal(String((await ask('x'.repeat(5000)))?.by).length, 200);
  const ready = journal.tail(10, ({ type }) => type === 'instance.ready');
  assert.ok(ready.every(({ data }) => data === undefined));
  const made = askedBy('ann', () => journal.record('release.made', { data: { by: 'who made it' } }));
  assert.equal(made.data?.by, 'who made it');
});
