/** Completes the TLS of a site: its files are there, and the key belongs to the certificate. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { isSystemError } from '../errors.ts';
import { readCertificate, readChain } from '../kit/certificate.ts';
import type { SiteTlsPlan } from './plan.ts';
import type { Problem } from './problems.ts';
import { show } from './show.ts';
import type { SiteSettings } from './site-schema.ts';
import { reasonOf } from './system-error.ts';

/** What is only old, or for another name, is no problem here: `hold show @edge` tells of it, and it can be had anew while it serves. */
export function completeTls(
  { tls, redirect, hsts }: SiteSettings,
  path: readonly string[],
  problems: Problem[],
  root: string,
): SiteTlsPlan | null {
  if (tls === false) {
    if (hsts !== undefined)
      problems.push({ path: [...path, 'hsts'], text: 'needs tls: browsers only believe it over https' });
    return null;
  }
  if (tls === 'auto') {
    const host = path.at(-1) ?? '';
    const text = 'needs a whole host name to be "auto": use { cert, key } here';
    if (host.includes('*') || isIP(host.replace(/^\[|\]$/g, '')) !== 0)
      problems.push({ path: [...path, 'tls'], text });
    return { certificate: { from: 'acme' }, clients: null, redirect, hstsSeconds: hsts ?? null };
  }
  const read = (name: string, file: string): string | undefined => {
    try {
      return readFileSync(resolve(root, file), 'utf8');
    } catch (error) {
      const text = `cannot be read: ${show(resolve(root, file))}: ${reasonOf(isSystemError(error) ? error.code : '')}`;
      problems.push({ path: [...path, 'tls', ...name.split('.')], text });
      return undefined;
    }
  };
  const [cert, key] = [read('cert', tls.cert), read('key', tls.key)];
  if (cert !== undefined && key !== undefined) {
    const facts = readCertificate(cert, key);
    if ('problem' in facts) problems.push({ path: [...path, 'tls', facts.part], text: facts.problem });
  }
  const authorities = [
    ['ca', tls.ca],
    ['clients.ca', tls.clients?.ca],
  ] as const;
  for (const [name, file] of authorities) {
    const pem = file === undefined ? undefined : read(name, file);
    const chain = pem === undefined ? [] : readChain(pem);
    if (typeof chain === 'string') problems.push({ path: [...path, 'tls', ...name.split('.')], text: chain });
  }
  if (tls.clients?.require && !redirect) {
    const text = 'must be true where client certificates are required: without TLS there are none';
    problems.push({ path: [...path, 'redirect'], text });
  }
  return {
    certificate: {
      from: 'files',
      cert: resolve(root, tls.cert),
      key: resolve(root, tls.key),
      ca: tls.ca === undefined ? null : resolve(root, tls.ca),
    },
    clients: tls.clients ? { ca: resolve(root, tls.clients.ca), require: tls.clients.require } : null,
    redirect,
    hstsSeconds: hsts ?? null,
  };
}
