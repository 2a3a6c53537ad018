import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appView } from '../../test/support/fake-daemon.ts';
import { HoldfastError } from '../errors.ts';
import { groupsOf } from './commands/change.ts';
import { pick } from './targets.ts';

const apps = [
  appView('web', { namespace: 'shop', numbers: [0, 1, 2], after: ['db'] }),
  appView('web-admin', { namespace: 'shop', after: ['db', 'web'] }),
  appView('db', { namespace: 'shop' }),
  appView('jobs'),
  appView('@edge', { kind: 'edge', wanted: 2 }),
];

function names(...targets: string[]): string[] {
  return pick(apps, targets).map(({ app, slot }) => (slot === null ? app.name : `${app.name}.${slot}`));
}

function complaint(target: string): string {
  try {
    pick(apps, [target]);
  } catch (error) {
    assert.ok(error instanceof HoldfastError);
    return `${error.code}: ${error.message}`;
  }
  return 'it was found';
}

test('apps by name, namespace, pattern, and all of them, each once', () => {
  assert.deepEqual(names('jobs', 'web', 'jobs'), ['jobs', 'web']);
  assert.deepEqual(names('shop'), ['web', 'web-admin', 'db']);
  assert.deepEqual(names('/^web/'), ['web', 'web-admin']);
  assert.deepEqual(names('/b$/', 'shop'), ['web', 'db', 'web-admin']);
  assert.deepEqual(names('all'), ['web', 'web-admin', 'db', 'jobs'], "not Holdfast's own edge");
  assert.deepEqual(names('@edge'), ['@edge']);
});

test('one instance, unless the whole app is meant, too', () => {
  assert.deepEqual(names('web.2', 'web.0'), ['web.2', 'web.0']);
  assert.deepEqual(names('web.2', 'web'), ['web']);
  assert.deepEqual(names('web', 'web.2'), ['web']);
  assert.deepEqual(names('@edge.1'), ['@edge.1']);
});

test('what is not there is said before anything is changed', () => {
  assert.equal(complaint('wep'), 'APP_UNKNOWN: There is no app "wep": did you mean "web"?');
  assert.equal(complaint('shap'), 'APP_UNKNOWN: There is no app "shap": did you mean "shop"?');
  assert.equal(complaint('web.3'), 'APP_UNKNOWN: There is no instance "web.3": there is "web.0" to "web.2"');
  assert.equal(complaint('@edge.2').split(': ')[2], 'there is "@edge.0" to "@edge.1"');
  assert.equal(complaint('db.1'), 'APP_UNKNOWN: There is no instance "db.1": there is only "db.0"');
  assert.equal(complaint('/^x/'), 'APP_UNKNOWN: There is no app whose name matches /^x/');
  assert.match(complaint('/(/'), /^USAGE: Cannot look for \/\(\/: /);
});

test('dependents go before what they depend on', () => {
  const groups = groupsOf(pick(apps, ['all']), 'dependents-first');
  assert.deepEqual(
    groups.map((group) => group.map(({ app }) => app.name)),
    [['web-admin', 'jobs'], ['web'], ['db']],
  );
  const circle = [appView('a', { after: ['b'] }), appView('b', { after: ['a'] })];
  assert.equal(groupsOf(pick(circle, ['all']), 'dependents-first').length, 1, 'a circle ends, too');
});
