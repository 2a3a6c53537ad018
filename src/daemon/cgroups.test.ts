import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { appPlan } from '../../test/support/plans.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { FakeClock } from '../kit/clock.ts';
import { Cgroups } from './cgroups.ts';

test('a cgroup in which something goes on running is removed later, when that is gone', (t) => {
  const home = tempDir(t);
  const clock = new FakeClock(0);
  // Where no cgroup is mounted.
  const cgroups = new Cgroups({ home, clock, proc: home });
  // A directory that is not empty cannot be removed, as a cgroup with a process in it.
  const dir = join(home, 'app-web.0.1');
  const busy = join(dir, 'busy');
  mkdirSync(dir);
  writeFileSync(busy, '');
  cgroups.close(dir, false);
  clock.advance(60_000);
  cgroups.open(appPlan(), 'web.0.2');
  assert.ok(existsSync(dir));
  rmSync(busy);
  clock.advance(60_000);
  assert.ok(existsSync(dir), 'there is no timer for ever');
  cgroups.open(appPlan(), 'web.0.3');
  assert.ok(!existsSync(dir));
});
