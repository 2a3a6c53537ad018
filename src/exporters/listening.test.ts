import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { cleanup } from '../../test/support/cleanup.ts';
import { requireProgram } from '../../test/support/programs.ts';
import { addressesIn, listens, nobodyElseListens } from './listening.ts';

test('addresses are found in the words of each server', () => {
  const text =
    '  listen 80;\n  listen [::]:443 ssl;\n  listen 80;\nbind :::80 v4v6\nbind 10.0.0.1:81 ssl\nbind :82';
  const found = addressesIn([{ path: 'a', mode: 0o644, text }], /^\s*(?:listen|bind) ([^\s;]+)/gm);
  assert.deepEqual(found, ['*:80', '[::]:443', '10.0.0.1:81', '*:82']);
});

test('a port that somebody else has is told, and one that the server itself has is in force', async (t) => {
  if (!requireProgram(t, 'ss')) return;
  const server = createServer().listen(0, '127.0.0.1');
  cleanup(t, () => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const said = ([program, ...args]: readonly [string, ...string[]]) =>
    spawnSync(program, args, { encoding: 'utf8' }).stdout;
  const own = /users:\(\("([^"]+)"/.exec(said(['ss', '-ltnpH', `sport = :${port}`]))?.[1] ?? '';
  const taken = (at: string) => said(nobodyElseListens('nginx', [at]));
  for (const at of [`127.0.0.1:${port}`, `0.0.0.0:${port}`, `*:${port}`]) {
    assert.match(taken(at), /^cannot listen at \S+: another program does users:/, at);
    assert.equal(said(nobodyElseListens(own, [at])), '', at);
  }
  for (const at of [`127.0.0.2:${port}`, `[::1]:${port}`, `[::]:${port}`]) assert.equal(taken(at), '', at);
  assert.equal(said(listens(own, [`127.0.0.1:${port}`, `*:${port}`])), '');
});
