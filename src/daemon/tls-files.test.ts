import assert from 'node:assert/strict';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pem, tlsFile } from '../../test/support/certificates.ts';
import type { Test } from '../../test/support/cleanup.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import type { SitePlan, SiteTlsPlan } from '../config/plan.ts';
import { siteDefaults } from '../config/traffic-defaults.ts';
import { FakeClock } from '../kit/clock.ts';
import type { Certificate } from './certificates.ts';
import { TlsFiles } from './tls-files.ts';

function watchFiles(t: Test, host = 'localhost', more: Partial<SiteTlsPlan> = {}) {
  const dir = tempDir(t);
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const put = (name: string, keyName = name) => {
    copyFileSync(tlsFile(`${name}.pem`), cert);
    copyFileSync(tlsFile(`${keyName}.key`), key);
  };
  put('local');
  const events: string[] = [];
  let served: readonly Certificate[] = [];
  let authorities: Readonly<Record<string, string>> = {};
  const clock = new FakeClock(Date.parse('2026-12-01'));
  const certificate = { from: 'files', cert, key, ca: null } as const;
  const tls: SiteTlsPlan = { certificate, clients: null, redirect: true, hstsSeconds: null, ...more };
  let sites: readonly SitePlan[] = [{ host, routes: [], content: null, tls, ...siteDefaults }];
  const files = new TlsFiles({
    clock,
    sites: () => sites,
    record: (type, { reason }) => events.push(reason === undefined ? type : `${type}: ${reason}`),
    onChange: (certificates, of) => {
      served = certificates;
      authorities = of;
    },
  });
  files.changed();
  return {
    files,
    clock,
    put,
    cert,
    events,
    served: () => served.map(({ certPem }) => certPem),
    authorities: () => authorities,
    forget: () => {
      sites = [];
      files.changed();
    },
    /** As often as it takes to believe a change. */
    async look() {
      await files.look();
      await files.look();
    },
  };
}

test('what is in the files is in force, and again after they have changed', async (t) => {
  const { put, events, served, look, forget } = watchFiles(t);
  assert.deepEqual(served(), [pem('local.pem')]);
  put('local-next');
  await look();
  assert.deepEqual(served(), [pem('local-next.pem')]);
  await look();
  assert.equal(events.length, 2);
  for (const event of events) assert.match(event, /^certificate\.loaded: localhost, until 2126-/);
  forget();
  assert.deepEqual(served(), []);
});

test('a pair that is half written is not looked at', async (t) => {
  const { files, put, events, served } = watchFiles(t);
  put('local-next', 'local');
  await files.look();
  put('local-next');
  await files.look();
  await files.look();
  assert.deepEqual(served(), [pem('local-next.pem')]);
  assert.equal(events.length, 2);
  for (const event of events) assert.match(event, /^certificate\.loaded: localhost, until 2126-/);
});

test('what is no good is told once, and the one before stays', async (t) => {
  const { files, cert, put, events, served, look } = watchFiles(t);
  put('local-next', 'local');
  await look();
  await look();
  files.reload();
  assert.deepEqual(served(), [pem('local.pem')]);
  assert.equal(events.length, 2);
  assert.match(events[1] ?? '', /^certificate\.refused: localhost: ".*key\.pem" is not the key/);
  assert.match(files.notes[0] ?? '', /; the one before is served$/);
  rmSync(cert);
  await look();
  assert.match(events[2] ?? '', /^certificate\.refused: localhost: ENOENT/);
  put('local');
  await look();
  assert.deepEqual(files.notes, []);
});

test('one that is old, soon will be, or is for others is served, and spoken of', async (t) => {
  const { files, clock, put, events, look } = watchFiles(t);
  put('expired');
  await look();
  assert.match(
    events.at(-1) ?? '',
    /^certificate\.doubtful: the certificate of "localhost" has expired on 2026-/,
  );
  put('local');
  await look();
  assert.deepEqual(files.notes, []);
  const almost = Date.parse('2126-10-25');
  clock.advance(almost - clock.now());
  await look();
  assert.match(events.at(-1) ?? '', /^certificate\.doubtful: .* expires in \d+d/);
  const other = watchFiles(t, 'example.com');
  assert.deepEqual(other.files.notes, ['site "example.com": its certificate is for localhost, 127.0.0.1']);
});

test('the authorities of clients come with the certificate', (t) => {
  const clients = { ca: tlsFile('clients-ca.pem'), require: true };
  const { authorities } = watchFiles(t, 'localhost', { clients });
  assert.deepEqual(authorities(), { localhost: pem('clients-ca.pem') });
});

test('the authorities of clients are read also where the certificate is from elsewhere', async (t) => {
  const ca = join(tempDir(t), 'clients.pem');
  copyFileSync(tlsFile('clients-ca.pem'), ca);
  const more = { certificate: { from: 'acme' }, clients: { ca, require: true } } as const;
  const { files, authorities, served, events, look } = watchFiles(t, 'localhost', more);
  assert.deepEqual([authorities(), served(), events], [{ localhost: pem('clients-ca.pem') }, [], []]);
  writeFileSync(ca, 'nobody');
  await look();
  assert.deepEqual(authorities(), { localhost: pem('clients-ca.pem') });
  assert.match(
    files.notes.join(),
    /clients\.pem" has no .* a certificate in PEM form is needed; those before are in force$/,
  );
  copyFileSync(tlsFile('ca.pem'), ca);
  await look();
  assert.deepEqual([authorities(), files.notes], [{ localhost: pem('ca.pem') }, []]);
});
