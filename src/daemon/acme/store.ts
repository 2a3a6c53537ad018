/**
 * Certificates and account keys on disk, below `certificates/` of the home, 0700, files 0600. The key and the certificate are one
 * file, so that they always belong together, whenever the daemon dies.
 */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import type { Certificate } from '../certificates.ts';
import type { Tries, Validity } from './machine.ts';
import type { Issued } from './order.ts';
import { keyPem, newKeyPair } from './x509.ts';

/** A certificate, and what the orders of the next one need to know. */
export interface Kept {
  readonly certificate: Certificate;
  readonly validity: Validity;
  /** URL of the directory of the authority that gave it. */
  readonly directory: string;
}

/** What is known of the orders for a site beside the certificate. */
export interface Notes {
  /** What was wanted, and of whom. */
  readonly wish: string;
  readonly tries: Tries | null;
}

export class AcmeStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** undefined: there is none, or not a whole one. */
  load(id: string): Kept | undefined {
    try {
      const text = readFileSync(this.#path(`${id}.pem`), 'utf8');
      const [, directory = ''] = /^# From (\S+)/.exec(text) ?? [];
      const at = text.indexOf('-----BEGIN CERTIFICATE-----');
      return kept({ keyPem: text.slice(text.indexOf('-----BEGIN'), at), certPem: text.slice(at) }, directory);
    } catch {
      return undefined;
    }
  }

  /** @throws when the disk is full, or its rights are wrong */
  save(id: string, { certificate, directory }: Kept): void {
    const { keyPem, certPem } = certificate;
    this.#write(`${id}.pem`, `# From ${directory}\n${keyPem}${certPem}`);
  }

  loadNotes(id: string): Notes | undefined {
    try {
      const { wish, tries } = JSON.parse(readFileSync(this.#path(`${id}.json`), 'utf8')) as Notes;
      const isSound =
        tries === null ||
        [tries?.tries, tries?.at, tries?.silentUntil].every((number) => Number.isSafeInteger(number));
      return typeof wish === 'string' && isSound ? { wish, tries } : undefined;
    } catch {
      return undefined;
    }
  }

  saveNotes(id: string, notes: Notes): void {
    this.#write(`${id}.json`, `${JSON.stringify(notes)}\n`);
  }

  /** Our key with this authority; made, and kept before anybody hears of it, when there is none. */
  accountKey(directory: string): KeyObject {
    const name = `account-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}.key`;
    try {
      return createPrivateKey(readFileSync(this.#path(name)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const pair = newKeyPair();
    this.#write(name, `# For ${directory}\n${keyPem(pair)}`);
    return pair.privateKey;
  }

  #write(name: string, text: string): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    writeAtomicSync(this.#path(name), text, { mode: 0o600 });
  }

  #path(name: string): string {
    return join(this.#dir, name);
  }
}

/** @throws when it is no certificate, or not that of its key */
export function kept(issued: Issued, directory: string): Kept {
  const leaf = new X509Certificate(issued.certPem);
  if (!leaf.checkPrivateKey(createPrivateKey(issued.keyPem))) throw new Error('its key is another one');
  const [notBefore, notAfter] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  const names = (leaf.subjectAltName ?? '').split(', ').flatMap((name) => {
    return name.startsWith('DNS:') ? [name.slice(4).toLowerCase()] : [];
  });
  return {
    certificate: { names, certPem: issued.certPem, keyPem: issued.keyPem, notAfter },
    validity: { notBefore, notAfter },
    directory,
  };
}
