/** Package managers that `scripts/test-deps` has fetched, as a registry has them. */
import { copyFileSync, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Fetcher } from '../../src/release/tools.ts';
import { unavailable } from './programs.ts';

export const managerVersions = { pnpm: '10.34.8', yarn: '1.22.22', berry: '4.18.1', bun: '1.4.5' } as const;

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast-test-managers');

/** Null, and the test is skipped, when they are not there; with HOLDFAST_TEST_ALL that is an error. */
export function fetchedManagers(t: TestContext): Fetcher | null {
  if (!existsSync(fileOf(`pnpm@${managerVersions.pnpm}`))) {
    unavailable(t, `needs the package managers in "${cache}"`);
    return null;
  }
  return {
    async pack(spec, dir) {
      const file = join(dir, 'fetched.tgz');
      copyFileSync(fileOf(spec), file);
      return file;
    },
    versions: async () => [],
  };
}

function fileOf(spec: string): string {
  return join(cache, `${spec.replace(/^@/, '').replaceAll(/[/@]/g, '-')}.tgz`);
}
