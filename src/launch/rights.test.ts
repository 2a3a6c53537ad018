import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machine } from '../../test/support/machines.ts';
import { appPlan } from '../../test/support/plans.ts';
import type { RightsPlan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import type { Machine } from './machine.ts';
import { checkRights, requireRights } from './rights.ts';

function problems(rights: Partial<RightsPlan>, given: Partial<Machine> = {}): string[] {
  return checkRights(
    appPlan({ rights: { ...appPlan().rights, ...rights } }),
    machine(given),
    '/lib/guest.cjs',
  );
}

const deploy = { uid: 1000 };

test('nothing is missing for what root asks, and for what everybody may', () => {
  const all = {
    user: 'www',
    group: 'www',
    nice: -5,
    oomScore: -500,
    umask: 0o27,
    ulimits: { nofile: 99_999 },
  };
  assert.deepEqual(problems(all), []);
  const plain = { user: 'deploy', nice: 5, oomScore: 500, umask: 0o27, ulimits: { nofile: 1024 } };
  assert.deepEqual(problems(plain, deploy), []);
});

test('it says who may not do what', () => {
  assert.deepEqual(problems({ user: 'www' }, deploy), [
    'Cannot run "web" as "www": Holdfast runs as "deploy", and only root may change the user',
  ]);
  assert.deepEqual(problems({ group: 'www' }, deploy), [
    'Cannot run "web" as the group "www": Holdfast runs as "deploy", and only root may change the group',
  ]);
  assert.match(
    problems({ nice: -5 }, deploy)[0] ?? '',
    /the priority -5: Holdfast has 0 itself, and only root/,
  );
  assert.match(
    problems({ oomScore: -5 }, deploy)[0] ?? '',
    /the oomScore -5: Holdfast has 0 itself, and only root/,
  );
  assert.match(
    problems({ ulimits: { nofile: 8192 } }, deploy)[0] ?? '',
    /"nofile" of "web" to 8192: this user may have 4096/,
  );
  assert.match(
    problems({ ulimits: { nofile: 'unlimited' } }, deploy)[0] ?? '',
    /to unlimited: this user may have 4096/,
  );
});

test('root that has lost its rights, as in a container, is told apart', () => {
  assert.match(problems({ user: 'www' }, { may: () => false })[0] ?? '', /runs as "root", and only root may/);
});

test('unknown users and groups, and numbers that are not enough', () => {
  assert.deepEqual(problems({ user: 'wwww' }), [
    'Cannot run "web" as "wwww": this machine has no user of that name',
  ]);
  assert.deepEqual(problems({ group: 'gggg' }), [
    'Cannot run "web" as the group "gggg": this machine has no group of that name',
  ]);
  assert.match(problems({ user: '4711' })[0] ?? '', /no user has this number, so `group` must say/);
  assert.deepEqual(problems({ user: '4711', group: '4711' }), []);
});

test('missing programs are named with the package that has them', () => {
  const bare = { program: () => undefined };
  assert.match(
    problems({ user: 'www' }, bare)[0] ?? '',
    /the program "setpriv" is missing; Debian, Ubuntu and Fedora/,
  );
  assert.match(
    problems({ ulimits: { core: 0 } }, bare)[0] ?? '',
    /the program "prlimit" is missing; it is in the package/,
  );
  assert.match(problems({ user: 'www' }, { ...bare, platform: 'darwin' })[0] ?? '', /only Linux has it/);
});

test('files that the user cannot reach, and what to do about them', () => {
  const closed = (path: string) => ({ firstClosed: () => ({ path, what: 'enter' as const }) });
  assert.match(
    problems({ user: 'www' }, closed('/root'))[0] ?? '',
    /"www" may not enter "\/root"; move the app/,
  );
  const own = { ...closed('/root/.nvm'), nodePath: '/root/.nvm/bin/node' };
  assert.match(
    problems({ user: 'www' }, own)[0] ?? '',
    /may not enter "\/root\/.nvm"; install Node and Holdfast/,
  );
});

test('permissions are for Node programs', () => {
  const permissions = {
    fsRead: [],
    fsWrite: [],
    net: true,
    childProcess: false,
    worker: false,
    addons: false,
  };
  const plan = appPlan({
    command: { file: 'python3', args: [], node: false, nodeArgs: [] },
    rights: { ...appPlan().rights, permissions },
  });
  assert.match(
    checkRights(plan, machine())[0] ?? '',
    /they are a part of Node, and "python3" is another program/,
  );
});

test('all that is missing is said at once', () => {
  const rights = { ...appPlan().rights, user: 'www', nice: -5 };
  assert.throws(
    () => requireRights(appPlan({ rights }), machine(deploy)),
    (error: unknown) =>
      error instanceof HoldfastError && error.code === 'RIGHTS_MISSING' && error.details.length === 1,
  );
});
