import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { FakeClock } from '../../kit/clock.ts';
import { hashPassword } from '../../kit/password.ts';
import type { DashboardMount } from '../../protocol/dashboard-settings.ts';
import { readAction } from './actions.ts';
import { cookieName, readCookies, sessionCookie } from './cookies.ts';
import { hostName, isOwnName, isOwnOrigin, mountOf } from './hosts.ts';
import { Logins } from './logins.ts';
import { csrfOf, IDLE_MS, LONGEST_MS, Sessions } from './sessions.ts';

test('a Host field is what it is served as, in every way to write it, and nothing else', () => {
  const listen = [{ host: '127.0.0.1' }];
  for (const good of ['localhost', 'LOCALHOST:4600', '127.0.0.1:9', '[::1]:4600', 'localhost.:4600'])
    assert.equal(isOwnName(hostName(good), listen), true, good);
  const bad = [
    'evil.com',
    'localhost.evil.com:4600',
    '127.0.0.1.evil.com',
    '0x7f.1',
    '',
    'a b',
    'localhost:4600@evil.com',
  ];
  for (const each of [...bad, 'localhost/..', '[::1', 'localhost..', '127.1:4600', undefined])
    assert.equal(isOwnName(hostName(each), listen), false, each);
});

test('through the edge the nearest site and the longest path are meant; of others there is nothing', () => {
  const mount = (host: string, prefix: string): DashboardMount => ({ host, prefix, tls: true });
  const mounts = [
    mount('*', '/any'),
    mount('*.example.com', '/'),
    mount('a.example.com', '/ops'),
    mount('a.example.com', '/'),
  ];
  const found = (host: string, path: string) => {
    const to = mountOf(hostName(host), path, mounts);
    return to && `${to.host}${to.prefix}`;
  };
  assert.equal(found('a.example.com', '/ops/api/live'), 'a.example.com/ops');
  assert.equal(found('a.example.com:443', '/opsx'), 'a.example.com/');
  assert.equal(found('b.example.com', '/ops'), '*.example.com/');
  assert.equal(found('example.com', '/ops'), null);
  assert.equal(found('other.org', '/any'), '*/any');
});

test('what changes something comes from the own page', () => {
  const host = '127.0.0.1:4600';
  assert.equal(isOwnOrigin('http://127.0.0.1:4600', 'same-origin', host), true);
  assert.equal(isOwnOrigin('http://127.0.0.1:4600', undefined, host), true);
  assert.equal(isOwnOrigin('http://127.0.0.1:3000', undefined, host), false);
  assert.equal(isOwnOrigin('http://127.0.0.1:4600', 'same-site', host), false);
  assert.equal(isOwnOrigin('null', undefined, host), false);
  assert.equal(isOwnOrigin(undefined, undefined, host), false);
});

test('a cookie belongs to one mount, and with https to no other host', () => {
  const near = { prefix: '/', https: false, port: 4600 };
  const far = { prefix: '/ops', https: true, port: null };
  assert.equal(sessionCookie(near, 'x', 9), 'holdfast-4600=x; Path=/; Max-Age=9; HttpOnly; SameSite=Strict');
  assert.equal(
    sessionCookie(far, 'x', 9),
    '__Secure-holdfast=x; Path=/ops; Max-Age=9; HttpOnly; SameSite=Strict; Secure',
  );
  assert.equal(cookieName({ prefix: '/', https: true, port: null }), '__Host-holdfast');
  assert.deepEqual(readCookies('a=1; holdfast-4600=x;holdfast-4600=y', 'holdfast-4600'), ['x', 'y']);
});

test('a session is known again by a new process, by its hash only, and ends: idle, after a week, closed, with its password', (t) => {
  const file = `${tempDir(t)}/sessions.json`;
  const clock = new FakeClock(1_000_000);
  const rules = { users: { ann: { password: 'kept', role: 'admin' as const } }, sessionsFrom: 0 };
  const first = new Sessions(file, clock, () => rules);
  const { id, session } = first.begin('root@app1', 'admin', null);
  const named = first.begin('ann', 'admin', 'kept');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const again = new Sessions(file, clock, () => rules);
  again.load();
  assert.equal(again.find(id)?.user, 'root@app1');
  assert.equal(again.find(session.hash), null);
  assert.notEqual(csrfOf(id), csrfOf(named.id));
  rules.users = { ann: { password: 'other', role: 'admin' } };
  assert.equal(again.find(named.id), null);
  for (let day = 0; day < 14; day++) {
    assert.ok(again.find(id), `half a day ${day}`);
    clock.advance(IDLE_MS - 1);
  }
  clock.advance(LONGEST_MS - 14 * (IDLE_MS - 1));
  assert.equal(again.find(id), null);
  const idle = again.begin('root@app1', 'viewer', null);
  clock.advance(IDLE_MS);
  assert.equal(again.find(idle.id), null);
  const closed = again.begin('root@app1', 'viewer', null);
  rules.sessionsFrom = clock.now() + 1;
  assert.equal(again.find(closed.id), null);
});

test('who guesses is slowed down, and the owner still gets in', async () => {
  const clock = new FakeClock(1);
  const password = await hashPassword('right');
  const logins = new Logins(clock, () => ({ ann: { password, role: 'admin' } }));
  assert.ok('entry' in ((await logins.try('ann', 'right', '10.0.0.1')) as object));
  assert.equal(await logins.try('nobody', 'right', '10.0.0.1'), 'wrong');
  const guesses = await Promise.all(Array.from({ length: 12 }, () => logins.try('ann', 'guess', '10.6.6.6')));
  assert.equal(guesses.filter((one) => one === 'wrong').length, 8);
  assert.ok(guesses.slice(8).every((one) => typeof one === 'object' && 'retryAfterS' in one));
  assert.ok('entry' in ((await logins.try('ann', 'right', '10.0.0.1')) as object));
  clock.advance(10 * 60_000);
  assert.equal(await logins.try('ann', 'guess', '10.6.6.6'), 'wrong');
});

test('only what is an action is one, and no name becomes an option', () => {
  assert.deepEqual(readAction({ do: 'restart', app: 'web', slot: 0, x: 1 }), {
    do: 'restart',
    app: 'web',
    slot: 0,
  });
  for (const bad of [
    null,
    [],
    {},
    { do: 'exec', app: 'web' },
    { do: 'stop' },
    { do: 'stop', app: 5 },
    { do: 'rollback', project: '--home=/x' },
    { do: 'scale', app: 'web', instances: -1 },
  ])
    assert.throws(() => readAction(bad), { code: 'BAD_REQUEST' });
});
