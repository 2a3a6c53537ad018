/** The certificates of test/fixtures/tls, which `make.sh` there has made. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.ts';

/** Path of a file of that directory, such as `a.test.pem`. */
export function tlsFile(name: string): string {
  return join(root, 'test/fixtures/tls', name);
}

export function pem(name: string): string {
  return readFileSync(tlsFile(name), 'utf8');
}

/** What the tests' servers are signed by. */
export const testCa = pem('ca.pem');

/** A certificate and its key, to be served for these hosts. */
export function certificateFor(names: readonly string[], file: string) {
  return { names, certPem: pem(`${file}.pem`), keyPem: pem(`${file}.key`) };
}
