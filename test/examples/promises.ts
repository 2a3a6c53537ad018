/** What every example keeps, whatever its framework. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectNow } from '../../src/client/connect.ts';
import { events } from '../support/journal.ts';
import { until } from '../support/until.ts';
import type { World } from './world.ts';

/** Who its clients are, as an example should see them. */
export const visitor = { ip: '203.0.113.7', protocol: 'https' };

/** Asks until all instances of the app have answered, and looks at who they believe to talk to. */
export async function answersFromAll(
  { home, ask }: World,
  example: string,
  app = example,
  path = '/whoami',
): Promise<void> {
  const pids = new Set((await home.ready(app)).map(({ pid }) => pid));
  const seen = new Set<number>();
  const visitors = new Set<string>();
  await until(
    async () => {
      // Several at once, or the one that is idle would always be chosen.
      const answers = await Promise.all([1, 2, 3, 4].map(() => ask(example, path)));
      for (const { status, body } of answers) {
        assert.equal(status, 200, body);
        const { pid, ip, protocol } = JSON.parse(body);
        visitors.add(JSON.stringify({ ip, protocol }));
        seen.add(pid);
      }
      return seen.size === pids.size;
    },
    { why: `all instances of ${app} have answered` },
  );
  assert.deepEqual(seen, pids);
  assert.deepEqual([...visitors], [JSON.stringify(visitor)]);
}

/** Reloads all of them while each is visited now and then. All have other processes then, which are returned; no visit has failed. */
export async function reloadUnnoticed(world: World): Promise<ReadonlySet<number>> {
  const { home, apps, ask } = world;
  const before = await pidsOf(world);
  let over = false;
  const visits = [...apps.keys()].map(async (example) => {
    while (!over) {
      const { status, body } = await ask(example, '/whoami');
      assert.equal(status, 200, `${example}: ${body}`);
      await sleep(100);
    }
  });
  const daemon = await connectNow(home.paths.home);
  assert.ok(daemon);
  const reloads = Promise.all([...apps.values()].flat().map((app) => daemon.reload(app)));
  await Promise.all([
    reloads.finally(() => {
      over = true;
      daemon.close();
    }),
    ...visits,
  ]);
  const after = await pidsOf(world);
  assert.equal(after.size, before.size);
  assert.deepEqual(
    [...after].filter((pid) => before.has(pid)),
    [],
  );
  return after;
}

/** Stops all of them: none has to be killed, and none has ended before without being told to. */
export async function endByThemselves({ home, apps }: World): Promise<void> {
  await home.ok(['stop', ...[...apps.values()].flat()]);
  assert.deepEqual(events(home, 'instance.killed'), []);
  assert.deepEqual(events(home, 'instance.crashed'), []);
}

async function pidsOf({ home, apps }: World): Promise<Set<number>> {
  const ready = await Promise.all([...apps.values()].flat().map((app) => home.ready(app)));
  return new Set(ready.flat().map(({ pid }) => pid ?? 0));
}
