import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SitePlan } from '../../config/plan.ts';
import { CertificateViews } from './certificate-views.ts';

const DAY_MS = 86_400_000;

function site(host: string, from: 'files' | 'acme' | null): SitePlan {
  return { host, tls: from && { certificate: { from } } } as unknown as SitePlan;
}

function certificate(name: string, days: number) {
  return { names: [name], certPem: `not one: ${name}`, keyPem: '', notAfter: days * DAY_MS };
}

test('each site with TLS is shown with its certificate, and with what is wrong with it', () => {
  const views = new CertificateViews().of({
    sites: [
      site('plain.test', null),
      site('good.test', 'acme'),
      site('stuck.test', 'acme'),
      site('soon.test', 'acme'),
      site('files.test', 'files'),
      site('gone.test', 'files'),
      site('new.test', 'acme'),
      site('none.test', 'acme'),
    ],
    certificates: [
      certificate('good.test', 60),
      certificate('stuck.test', 20),
      certificate('soon.test', 9),
      certificate('files.test', 13),
      certificate('gone.test', 0),
    ],
    troubles: [
      { site: 'stuck.test', text: 'no new certificate: no answer' },
      { site: 'none.test', text: 'no new certificate: no answer' },
    ],
    now: 0,
  });
  assert.deepEqual(
    views.map(({ site: name, status, note }) => [name, status, note]),
    [
      ['good.test', 'ok', 'it is renewed by itself'],
      ['stuck.test', 'refused', 'no new certificate: no answer'],
      ['soon.test', 'expiring', null],
      ['files.test', 'expiring', null],
      ['gone.test', 'expired', null],
      ['new.test', 'missing', null],
      ['none.test', 'refused', 'no new certificate: no answer'],
    ],
  );
  assert.equal(views[0]?.notAfter, new Date(60 * DAY_MS).toISOString());
});
