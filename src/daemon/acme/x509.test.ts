import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { requireProgram } from '../../../test/support/programs.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { elements, integer, oid, sequence } from '../../kit/der.ts';
import { renewalId } from './renewal-info.ts';
import { certificateRequest, challengeCertificate, newKeyPair } from './x509.ts';

test('openssl finds the names in a request, and that its signature is right', (t) => {
  const openssl = requireProgram(t, 'openssl');
  if (!openssl) return;
  const file = join(tempDir(t), 'request.der');
  const names = ['example.com', 'www.example.com', `${'long-'.repeat(12)}.example.com`];
  writeFileSync(file, certificateRequest(names, newKeyPair()));
  const text = execFileSync(openssl, ['req', '-inform', 'DER', '-in', file, '-noout', '-text', '-verify'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const name of names) assert.match(text, new RegExp(`DNS:${name}`));
  assert.throws(() => {
    const damaged = certificateRequest(names, newKeyPair());
    damaged.writeUInt8(damaged.readUInt8(60) ^ 1, 60);
    writeFileSync(file, damaged);
    execFileSync(openssl, ['req', '-inform', 'DER', '-in', file, '-noout', '-verify'], { stdio: 'pipe' });
  });
});

test('the certificate of a challenge is for its name, and bears the hash of the key authorization', () => {
  const now = Date.UTC(2026, 10, 23);
  const { certPem, keyPem, notAfter } = challengeCertificate('example.com', 'token.thumb', now);
  const certificate = new X509Certificate(certPem);
  assert.equal(certificate.subjectAltName, 'DNS:example.com');
  assert.ok(certificate.checkPrivateKey(createPrivateKey(keyPem)));
  assert.ok(certificate.verify(certificate.publicKey));
  assert.equal(Date.parse(certificate.validTo), notAfter);
  // sha256 of "token.thumb", after the OID of RFC 8737 and "critical".
  const proof = '06082b0601050507011f0101ff04220420';
  assert.ok(certificate.raw.toString('hex').includes(`${proof}94275fb692425daa`));
});

test('numbers are never negative, and long things have long lengths', () => {
  assert.equal(integer(Buffer.from([0x80])).toString('hex'), '02020080');
  assert.equal(integer(Buffer.from([0, 0, 1])).toString('hex'), '020101');
  assert.equal(oid('1.2.840.113549.1.9.14').toString('hex'), '06092a864886f70d01090e');
  const long = sequence(Buffer.alloc(300));
  assert.equal(long.subarray(0, 4).toString('hex'), '3082012c');
  assert.equal(elements(long)[0]?.content.length, 300);
  assert.deepEqual(elements(Buffer.from('3082ffff00', 'hex')), []);
  assert.deepEqual(elements(Buffer.from(`3080${'00'.repeat(200)}`, 'hex')), []);
});

test('bytes that are no DER do no harm, and what is written is read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 300 }), (noise, content) => {
      elements(Buffer.from(noise));
      const raw = sequence(content as Buffer);
      assert.deepEqual(elements(raw), [{ tag: 0x30, content: Buffer.from(content), raw }]);
    }),
  );
});

/** The certificate of RFC 9773, appendix A, whose name its section 4.1 tells. */
test('a certificate has the name in renewal information that the RFC gives it', () => {
  const pem = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`;
  assert.equal(renewalId(pem), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
  assert.equal(renewalId(challengeCertificate('example.com', 'x', Date.now()).certPem), null);
});
