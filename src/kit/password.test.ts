import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, isKeptPassword, isPassword } from './password.ts';

test('a password is known again, however it is typed, and no other is', async () => {
  const kept = await hashPassword('caf\u00e9');
  assert.ok(isKeptPassword(kept));
  assert.notEqual(kept, await hashPassword('caf\u00e9'));
  assert.equal(await isPassword('cafe\u0301', kept), true);
  assert.equal(await isPassword('cafe', kept), false);
  assert.equal(await isPassword('', kept), false);
});

test('what is no hash, or one that would take all memory, is none', async () => {
  const tail = 'AAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  for (const text of [
    '',
    'secret',
    'scrypt:1:2:3',
    `scrypt:16383:8:1:${tail}`,
    `scrypt:16777216:8:1:${tail}`,
  ]) {
    assert.equal(isKeptPassword(text), false, text);
    assert.equal(await isPassword('x', text), false);
  }
  assert.ok(isKeptPassword(`scrypt:16384:8:1:${tail}`));
});
