/** Certificates that come by themselves: of whom, for whom, and how control of the names is shown. */
import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { isSystemError } from '../errors.ts';
import { readChain } from '../kit/certificate.ts';
import { acmeDefaults } from './app-defaults.ts';
import { described, optional, section, withDefault } from './describe.ts';
import { choice, kind, Refusal, text } from './kinds.ts';
import type { AcmePlan } from './plan.ts';
import type { Problem } from './problems.ts';
import { show } from './show.ts';
import { reasonOf } from './system-error.ts';

/** Let's Encrypt, https://letsencrypt.org/docs/acme-protocol-updates/ */
const KNOWN: Readonly<Record<string, string>> = {
  production: acmeDefaults.directory,
  staging: 'https://acme-staging-v02.api.letsencrypt.org/directory',
};

const directory = kind<string>({
  title: '"production", "staging" or URL',
  expected:
    '"production", "staging" or the address of a directory such as "https://acme.example.com/directory"',
  json: { anyOf: [{ enum: Object.keys(KNOWN) }, { type: 'string', pattern: '^https://' }] },
  read(input) {
    if (typeof input !== 'string') return undefined;
    const known = KNOWN[input];
    if (known !== undefined) return known;
    if (!URL.canParse(input)) return undefined;
    const { protocol } = new URL(input);
    if (protocol === 'http:') return new Refusal(`must begin with "https://": got ${show(input)}`);
    return protocol === 'https:' ? input : undefined;
  },
});

const email = kind<string>({
  title: 'e-mail address',
  expected: 'an e-mail address such as "ops@example.com"',
  json: { type: 'string', pattern: '^[^@\\s]+@[^@\\s]+$' },
  read: (input) =>
    typeof input === 'string' && /^[^@\s,?]+@[^@\s,?]+$/.test(input.trim()) ? input.trim() : undefined,
});

const HMAC = /^[\w-]+=*$/;

const hmac = kind<string>({
  title: 'key',
  expected: 'a key in base64url, or the path of a file with it such as "file:/etc/holdfast/eab-key"',
  json: { type: 'string', pattern: '^(file:.+|[\\w-]+=*)$' },
  read: (input) =>
    typeof input === 'string' && (/^file:./.test(input) || HMAC.test(input)) ? input : undefined,
});

export const acmeSettings = section(
  {
    directory: withDefault(directory, 'production', {
      says: "Who gives the certificates: Let's Encrypt (`production`), its test service that browsers do not trust (`staging`), or the directory of another authority that speaks ACME",
      example: 'staging',
    }),
    directoryCa: optional(text('file', 'the path of a file with certificates (PEM)'), {
      says: "For an authority of your own: the certificates (PEM) that its directory's https is signed by",
      example: 'certs/internal-ca.pem',
    }),
    email: optional(email, {
      says: 'Where the authority can reach you, if it writes to its customers',
      example: 'ops@example.com',
    }),
    eab: optional(
      z.strictObject({
        keyId: described(text('key id', 'the key id that the authority gave you'), {
          says: 'The key id that the authority gave you',
        }),
        hmac: described(hmac, {
          says: 'The key that it gave you, or `file:` and the path of a file with it',
          example: 'file:/etc/holdfast/eab-key',
        }),
      }),
      { says: 'External account binding: what an authority gives its customers to be known by' },
    ),
    challenge: withDefault(choice('http-01', 'tls-alpn-01'), 'http-01', {
      says: 'How it is shown that a name is yours. `http-01`: port 80 of the name must lead to the edge. `tls-alpn-01`: port 443 must',
    }),
  },
  "Certificates for sites with `tls: 'auto'`. By using them you agree to the terms of service of the authority",
);

export type AcmeSettings = z.output<typeof acmeSettings>;

/** @param root absolute; paths in the file are relative to it */
export function completeAcme(settings: AcmeSettings, problems: Problem[], root: string): AcmePlan {
  const { directory, directoryCa, email, eab, challenge } = settings;
  const look = (name: string, file: string, isRight: (text: string) => boolean, right: string) => {
    const path = ['acme', ...name.split('.')];
    try {
      if (!isRight(readFileSync(file, 'utf8')))
        problems.push({ path, text: `${show(file)} must hold ${right}` });
    } catch (error) {
      const why = reasonOf(isSystemError(error) ? error.code : '');
      problems.push({ path, text: `cannot be read: ${show(file)}: ${why}` });
    }
  };
  if (directoryCa !== undefined) {
    const right = 'certificates (PEM)';
    look('directoryCa', resolve(root, directoryCa), (text) => typeof readChain(text) !== 'string', right);
  }
  if (eab?.hmac.startsWith('file:')) {
    const file = absolute(eab.hmac, root).slice('file:'.length);
    look('eab.hmac', file, (text) => HMAC.test(text.trim()), 'a key in base64url');
  }
  return {
    directory,
    directoryCa: directoryCa === undefined ? null : resolve(root, directoryCa),
    email: email ?? null,
    eab: eab ? { keyId: eab.keyId, hmac: absolute(eab.hmac, root) } : null,
    challenge,
  };
}

function absolute(hmac: string, root: string): string {
  if (!hmac.startsWith('file:')) return hmac;
  const path = hmac.slice('file:'.length);
  return `file:${isAbsolute(path) ? path : resolve(root, path)}`;
}
