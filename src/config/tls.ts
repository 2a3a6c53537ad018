/** Completes the TLS of a site: its files are there, and the key belongs to the certificate. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { isSystemError } from '../errors.ts';
import { readCertificate, readChain } from '../kit/certificate.ts';
import type { CertificatePlan, SiteTlsPlan } from './plan.ts';
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
  const certificate = tls.from === 'acme' ? ordered(path, problems) : inFiles(tls, path, problems, root);
  const { clients } = tls;
  if (clients) readAuthorities('clients.ca', clients.ca, path, problems, root);
  if (clients?.require && !redirect) {
    const text = 'must be true where client certificates are required: without TLS there are none';
    problems.push({ path: [...path, 'redirect'], text });
  }
  return {
    certificate,
    clients: clients ? { ca: resolve(root, clients.ca), require: clients.require } : null,
    redirect,
    hstsSeconds: hsts ?? null,
  };
}

type Tls = Exclude<SiteSettings['tls'], false>;

function ordered(path: readonly string[], problems: Problem[]): CertificatePlan {
  const host = path.at(-1) ?? '';
  const text = 'needs a whole host name to be "auto": use { cert, key } here';
  if (host.includes('*') || isIP(host.replace(/^\[|\]$/g, '')) !== 0)
    problems.push({ path: [...path, 'tls'], text });
  return { from: 'acme' };
}

function inFiles(
  { cert, key, ca }: Extract<Tls, { from: 'files' }>,
  path: readonly string[],
  problems: Problem[],
  root: string,
): CertificatePlan {
  const pem = (name: string, file: string) => readPem(name, file, path, problems, root);
  const [certPem, keyPem] = [pem('cert', cert), pem('key', key)];
  if (certPem !== undefined && keyPem !== undefined) {
    const facts = readCertificate(certPem, keyPem);
    if ('problem' in facts) problems.push({ path: [...path, 'tls', facts.part], text: facts.problem });
  }
  if (ca !== undefined) readAuthorities('ca', ca, path, problems, root);
  return {
    from: 'files',
    cert: resolve(root, cert),
    key: resolve(root, key),
    ca: ca === undefined ? null : resolve(root, ca),
  };
}

function readAuthorities(
  name: string,
  file: string,
  path: readonly string[],
  problems: Problem[],
  root: string,
): void {
  const pem = readPem(name, file, path, problems, root);
  const chain = pem === undefined ? [] : readChain(pem);
  if (typeof chain === 'string') problems.push({ path: [...path, 'tls', ...name.split('.')], text: chain });
}

function readPem(
  name: string,
  file: string,
  path: readonly string[],
  problems: Problem[],
  root: string,
): string | undefined {
  try {
    return readFileSync(resolve(root, file), 'utf8');
  } catch (error) {
    const text = `cannot be read: ${show(resolve(root, file))}: ${reasonOf(isSystemError(error) ? error.code : '')}`;
    problems.push({ path: [...path, 'tls', ...name.split('.')], text });
    return undefined;
  }
}
