import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rejections } from './rejections.ts';

const error = (code: string) => Object.assign(new Error(code), { code });
const distrust = error('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA');

function failing(site: string, times: number, code = distrust): Rejections {
  const rejections = new Rejections();
  for (let i = 0; i < times; i++) rejections.failed(site, code);
  return rejections;
}

test('five in a row that are the certificate’s fault, and one that succeeds ends it', () => {
  assert.deepEqual(failing('a.test', 4).all, []);
  const rejections = failing('a.test', 5);
  const reason = 'clients do not know the authority that signed its certificate';
  assert.deepEqual(rejections.all, [{ site: 'a.test', reason }]);
  rejections.succeeded('b.test');
  assert.equal(rejections.all.length, 1);
  rejections.succeeded('a.test');
  assert.deepEqual(rejections.all, []);
});

test('what clients do wrong is no fault of the site', () => {
  for (const code of [
    'ECONNRESET',
    'ERR_SSL_UNSUPPORTED_PROTOCOL',
    'ERR_SSL_NO_SHARED_CIPHER',
    'ERR_SSL_BAD_RECORD_TYPE',
  ])
    assert.deepEqual(failing('a.test', 50, error(code)).all, [], code);
});
