/** The version of this package, from its package.json. */
import { readFileSync } from 'node:fs';

export function readVersion(): string {
  // Two folders up from dist/cli; three from a build of the tests.
  for (const up of ['../../', '../../../']) {
    try {
      const text = readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8');
      const { name, version } = JSON.parse(text) as { name?: string; version?: string };
      if (name === 'holdfast' && version !== undefined) return version;
    } catch {
      // Not there: the next one.
    }
  }
  return 'unknown';
}
