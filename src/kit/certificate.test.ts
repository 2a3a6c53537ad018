import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pem } from '../../test/support/certificates.ts';
import { readCertificate } from './certificate.ts';

const cert = pem('a.test.pem');
const key = pem('a.test.key');

function complaint(certPem: string, keyPem: string): string {
  const facts = readCertificate(certPem, keyPem);
  return 'problem' in facts ? `${facts.part} ${facts.problem}` : 'none';
}

test('what is wrong with a certificate and its key is said in words that help', () => {
  assert.equal(complaint(cert + pem('ca.pem'), key), 'none');
  assert.match(
    complaint(pem('ca.pem') + cert, key),
    /^cert has its certificates in the wrong order: first that of the key/,
  );
  assert.match(complaint(cert, pem('b.test.key')), /^key is not the key of the first certificate in cert$/);
  assert.match(complaint(key, cert), /^cert has a private key in it and no certificate/);
  assert.match(complaint(cert, cert), /^key has a certificate in it and no private key/);
  assert.match(complaint('', key), /^cert has no "-----BEGIN CERTIFICATE-----" in it/);
  assert.match(complaint(cert, ''), /^key has no private key in it/);
  assert.match(
    complaint(cert.replace(/\n.{64}\n/, '\n'), key),
    /^cert holds a certificate that cannot be read/,
  );
  const damaged = key.replace(/\n(.{60})/, '\nAAAA');
  assert.match(complaint(cert, damaged), /^key holds a private key that cannot be read/);
  const locked = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n';
  assert.match(complaint(cert, locked), /^key is protected by a passphrase/);
});
