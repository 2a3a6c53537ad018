import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../../test/support/cleanup.ts';
import { unavailable } from '../../test/support/programs.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import {
  cgroupMount,
  cgroupOf,
  childCgroups,
  controllersOf,
  enableControllers,
  killAll,
  makeCgroup,
  members,
  oomKills,
  removeCgroup,
  set,
} from './cgroup.ts';

test('the mount is found on unified, hybrid and old machines', () => {
  const v1 = '34 27 0:30 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory';
  const unified = '30 25 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
  assert.equal(cgroupMount(unified), '/sys/fs/cgroup');
  assert.equal(
    cgroupMount(`${v1}\n38 27 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw`),
    '/sys/fs/cgroup/unified',
  );
  assert.equal(cgroupMount(unified.replace('/sys/fs/cgroup', '/mnt/my\\040groups')), '/mnt/my groups');
  assert.equal(cgroupMount(v1), undefined);
});

test('the own cgroup is the line without a number', () => {
  assert.equal(
    cgroupOf('4:memory:/x\n0::/system.slice/holdfast.service\n'),
    '/system.slice/holdfast.service',
  );
  assert.equal(cgroupOf('0::/gone (deleted)\n'), '/gone');
  assert.equal(cgroupOf('4:memory:/x\n'), undefined);
});

test('controllers are turned on when they are not yet', (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'cgroup.controllers'), 'cpu memory pids\n');
  writeFileSync(join(dir, 'cgroup.subtree_control'), 'cpu');
  assert.deepEqual(controllersOf(dir), ['cpu', 'memory', 'pids']);
  enableControllers(dir, ['cpu']);
  assert.equal(readFileSync(join(dir, 'cgroup.subtree_control'), 'utf8'), 'cpu');
  enableControllers(dir, ['cpu', 'memory', 'pids']);
  assert.equal(readFileSync(join(dir, 'cgroup.subtree_control'), 'utf8'), '+memory +pids');
  assert.throws(() => set(dir, 'memory.max', '1'), { code: 'ENOENT' });
});

test('the kernel says how often it had to end something', (t) => {
  const dir = tempDir(t);
  assert.equal(oomKills(dir), 0);
  writeFileSync(join(dir, 'memory.events'), 'low 0\nhigh 0\nmax 12\noom 2\noom_kill 2\noom_group_kill 1\n');
  assert.equal(oomKills(dir), 2);
  mkdirSync(join(dir, 'child'));
  assert.deepEqual(childCgroups(dir), ['child']);
  assert.deepEqual(childCgroups(join(dir, 'none')), []);
});

test('a process joins a real cgroup, is ended with its children, and the cgroup goes', async (t) => {
  const mount = cgroupMount(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (mount === undefined || !isWritable(mount))
    return unavailable(t, 'needs a cgroup v2 that may be written to');
  const dir = join(mount, `holdfast-test-${process.pid}`);
  makeCgroup(dir);
  cleanup(t, async () => {
    killAll(dir);
    await until(() => removeCgroup(dir), { why: 'the cgroup is gone' });
  });
  // The second one is in a session of its own, where a signal to the group does not find it.
  const script = `echo $$ > ${dir}/cgroup.procs; setsid sleep 60 & echo ready; wait`;
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  await until(() => members(dir).length === 2, { why: 'both are in it' });
  assert.ok(members(dir).includes(child.pid ?? 0));
  assert.equal(removeCgroup(dir), false);
  killAll(dir);
  await once(child, 'exit');
  await until(() => removeCgroup(dir), { why: 'it is empty, and removed' });
  assert.equal(removeCgroup(dir), true, 'also when it is gone');
});

function isWritable(dir: string): boolean {
  try {
    accessSync(join(dir, 'cgroup.procs'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
