import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drive } from './drive.ts';
import { type RolloutAction, type RolloutResult, startRollout } from './rollout.ts';

const never = new AbortController().signal;
const good = ({ host, do: what }: RolloutAction): RolloutResult => ({
  host,
  is: what === 'promote' ? 'serving' : what === 'goBack' ? 'back' : 'made',
});

/** What is done, in order; what begins together is one line. */
async function story(
  hosts: string,
  batch: number,
  result: (action: RolloutAction) => RolloutResult = good,
  migrates = true,
) {
  const lines: string[][] = [];
  let line: string[] = [];
  const end = await drive(
    startRollout(hosts.split(''), { batch, migrates }),
    async (action) => {
      if (line.length === 0) {
        lines.push(line);
        setImmediate(() => {
          line = [];
        });
      }
      line.push(`${action.do} ${action.host}`);
      await new Promise((resolve) => setImmediate(resolve));
      return result(action);
    },
    never,
  );
  return { told: lines.map((one) => one.join(', ')), phases: end.hosts.map(({ phase }) => phase).join(' ') };
}

test('all make it, one migrates, one alone is first, then batches', async () => {
  const { told, phases } = await story('abcde', 2);
  assert.deepEqual(told, [
    'make a, make b, make c, make d, make e',
    'migrate a',
    'promote a',
    'promote b, promote c',
    'promote d, promote e',
  ]);
  assert.equal(phases, 'serving serving serving serving serving');
});

test('one that fails stops all, and those that serve go back, the last one first', async () => {
  const { told, phases } = await story('abcd', 1, (action) =>
    action.host === 'c' && action.do === 'promote' ? { host: 'c', is: 'failed' } : good(action),
  );
  assert.deepEqual(told.slice(2), ['promote a', 'promote b', 'promote c', 'goBack b', 'goBack a']);
  assert.equal(phases, 'back back failed made');
});

test('one that fails while making changes nothing; nor does a migration that fails', async () => {
  for (const step of ['make', 'migrate'] as const) {
    const { told, phases } = await story('ab', 1, (action) =>
      action.host === 'a' && action.do === step ? { host: 'a', is: 'failed' } : good(action),
    );
    assert.ok(!told.join().includes('promote'), told.join());
    assert.equal(phases, 'failed made');
  }
});

test('a hook that fails behind a host takes that host back, too', async () => {
  const { told, phases } = await story('ab', 1, (action) =>
    action.host === 'a' && action.do === 'promote'
      ? { host: 'a', is: 'serving', failed: true }
      : good(action),
  );
  assert.deepEqual(told.slice(2), ['promote a', 'goBack a']);
  assert.equal(phases, 'back made');
});

test('one that cannot go back does not keep the others from it', async () => {
  const { told, phases } = await story('abc', 1, (action) => {
    if (action.host === 'c' && action.do === 'promote') return { host: 'c', is: 'failed' };
    if (action.do === 'goBack' && action.host === 'b') return { host: 'b', is: 'failed' };
    return good(action);
  });
  assert.deepEqual(told.slice(-2), ['goBack b', 'goBack a']);
  assert.equal(phases, 'back failed failed');
});

test('hosts that have it already are left alone, and the migration is for the first of the others', async () => {
  const { told, phases } = await story('ab', 1, (action) =>
    action.host === 'a' ? { host: 'a', is: 'same' } : good(action),
  );
  assert.deepEqual(told, ['make a, make b', 'migrate b', 'promote b']);
  assert.equal(phases, 'same serving');
});

test('when it is given up nothing more begins', async () => {
  const given = new AbortController();
  const end = await drive(
    startRollout(['a', 'b'], { batch: 1, migrates: false }),
    async (action) => {
      if (action.do === 'promote') given.abort();
      return good(action);
    },
    given.signal,
  );
  assert.deepEqual(
    end.hosts.map(({ phase }) => phase),
    ['serving', 'made'],
  );
});
