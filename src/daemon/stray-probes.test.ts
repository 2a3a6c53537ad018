import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeSupervision } from '../../test/support/fake-supervisor.ts';
import { processesWith } from '../../test/support/processes.ts';
import { unavailable } from '../../test/support/programs.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { thisMachine } from '../launch/machine.ts';
import { Prober } from './prober.ts';
import { endStrayProbes } from './stray-probes.ts';

test('health commands that a daemon left are ended with what they started, those of other homes are not', async (t) => {
  if (process.platform !== 'linux') {
    unavailable(t, '/proc needs Linux');
    return;
  }
  const [home, other] = [tempDir(t), tempDir(t)];
  const supervision = new FakeSupervision();
  const [instance] = await supervision.ready(1, { cwd: home, baseEnv: { PATH: process.env.PATH ?? '' } });
  if (!instance) throw new Error('there is no instance');
  const ask = (of: string) => {
    const prober = new Prober({
      home: of,
      machine: thisMachine(),
      linkOf: () => undefined,
      listensOn: () => false,
    });
    const args = ['/bin/sh', '-c', `sleep 600 & sleep 600 # ${of}`];
    return prober.ask(instance, { kind: 'command', args }, 20_000);
  };
  const asked = [ask(home), ask(other)];
  const ofProbe = (of: string) => processesWith(`HOLDFAST_PROBE=${of}`).length;
  await until(() => ofProbe(home) === 3 && ofProbe(other) === 3, { why: 'both hang' });
  endStrayProbes(home);
  assert.match((await asked[0]) ?? '', /was killed by SIGKILL$/);
  await until(() => ofProbe(home) === 0, { why: 'nothing of it is left' });
  assert.equal(ofProbe(other), 3);
  endStrayProbes(other);
  await asked[1];
});
