/** `front`: what it says, and what it must not say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig } from './check.ts';

function front(value: unknown) {
  const { plan, problems } = checkConfig(
    { front: value },
    {
      source: '/srv/holdfast.config.json',
      root: '/srv',
      env: {},
      parallelism: 1,
      isRoot: false,
      project: 'shop',
      release: null,
    },
  );
  return problems.length > 0 ? problems.map(({ path, text }) => `${path.join('.')} ${text}`) : plan?.front;
}

test('a server is one of its own, or the one of this machine where a file is named', () => {
  assert.equal(front(undefined), null);
  const own = { server: 'nginx', file: null, check: null, reload: null };
  assert.deepEqual(front('nginx'), own);
  assert.deepEqual(front({ server: 'nginx', own: true }), own);
  const file = '/etc/nginx/conf.d/holdfast.conf';
  const reload = ['sudo', 'systemctl', 'reload', 'nginx'];
  assert.deepEqual(front({ server: 'nginx', file, reload }), { ...own, file, reload });
});

test('what contradicts itself is refused with a sentence', () => {
  assert.deepEqual(front('ngnix'), [
    'front must be "nginx", "apache", "haproxy" or "caddy": got "ngnix": did you mean "nginx"?',
  ]);
  assert.match(
    String(front({ server: 'caddy', file: 'caddy.conf' })),
    /front\.file must be the absolute path of a file/,
  );
  assert.match(
    String(front({ server: 'caddy', own: true, file: '/a' })),
    /front\.own must be left out or false/,
  );
  assert.match(String(front({ server: 'caddy', own: false })), /front\.own needs "file"/);
  assert.match(
    String(front({ server: 'caddy', check: ['true'] })),
    /front\.check is only for a server that Holdfast does not run/,
  );
});
