/** Tokens have no business in a release: is one of their values in what was installed? */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { moduleDirs } from './installed.ts';

/** Shorter values are found everywhere, and are no tokens. */
const SHORTEST = 8;
/** Programs write tokens to configuration and records of what they did, which are small. */
const LARGEST_BYTES = 2 * 1024 * 1024;

/**
 * @param values by the names of the variables of `release.buildEnv`
 * @throws HoldfastError PACKAGES_REFUSED
 */
export function refuseLeaks(dir: string, values: Readonly<Record<string, string>>): void {
  const secrets = secretsOf(values);
  if (secrets.length === 0) return;
  for (const modules of moduleDirs(dir)) {
    for (const entry of readdirSync(join(dir, modules), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      if (statSync(file).size <= LARGEST_BYTES)
        refuseIn(readFileSync(file), file.slice(dir.length + 1), secrets);
    }
  }
}

/** The same for a text that is kept. */
export function refuseLeak(text: string, what: string, values: Readonly<Record<string, string>>): void {
  refuseIn(Buffer.from(text), what, secretsOf(values));
}

function secretsOf(values: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(values).filter(([, value]) => value.length >= SHORTEST);
}

function refuseIn(content: Buffer, what: string, secrets: readonly [string, string][]): void {
  const found = secrets.find(([, value]) => content.includes(value));
  if (!found) return;
  throw new HoldfastError(
    'PACKAGES_REFUSED',
    `The value of "${found[0]}" would be in the release, in "${what}"`,
    {
      hint: `Whatever wrote it there must not; in .npmrc, write \${${found[0]}} instead of the value`,
    },
  );
}
