import assert from 'node:assert/strict';
import { openSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { appPlan } from '../../test/support/plans.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { FakeClock } from '../kit/clock.ts';
import { thisMachine } from '../launch/machine.ts';
import { homePaths } from '../protocol/home.ts';
import { createLauncher, type LauncherOptions } from './launcher.ts';

test('when there is no port to be had, the cgroup that was made for the process is taken back', async (t) => {
  const home = tempDir(t);
  const closed: string[] = [];
  const launcher = createLauncher({
    clock: new FakeClock(0),
    paths: homePaths(home),
    guest: '/no/guest.cjs',
    machine: thisMachine(),
    outputs: {
      create: async () => ({
        pipes: { out: '', err: '' },
        ends: { out: openSync('/dev/null', 'w'), err: openSync('/dev/null', 'w') },
      }),
    },
    cgroups: {
      open: () => ({ dir: '/cgroup/web.0.1', missing: [] }),
      close: (dir: string) => void closed.push(dir),
    },
    vitals: { notifyEnv: async () => ({}) },
    isRouted: () => true,
    doorsOf: () => [],
    onOffer: () => undefined,
    onUnavailable: () => undefined,
  } satisfies Partial<Record<keyof LauncherOptions, unknown>> as unknown as LauncherOptions);
  t.mock.method(net, 'createServer', () => {
    throw Object.assign(new Error('listen EMFILE'), { code: 'EMFILE', syscall: 'listen', errno: -24 });
  });
  const command = { file: '/bin/true', args: [], node: false, nodeArgs: [] };
  await assert.rejects(
    launcher.launch({ plan: appPlan({ command, cwd: home }), slot: 0, serial: 1 }),
    /EMFILE/,
  );
  assert.deepEqual(closed, ['/cgroup/web.0.1']);
});
