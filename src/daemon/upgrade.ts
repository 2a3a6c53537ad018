/** Before a daemon gives its place to another version: that one must run here, and understand what it will find. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError, isSystemError } from '../errors.ts';

const TIMEOUT_MS = 20_000;

/** What `node main.js --home <dir> --check` prints. */
export interface VersionCheck {
  readonly version: string;
}

/**
 * Runs the other daemon's program with `--check`, which loads all of it, reads the state and ends.
 *
 * @returns its version
 * @throws HoldfastError UPGRADE_FAILED; nothing has changed then
 */
export function tryVersion(node: string, main: string, home: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = [main, '--home', home, '--check'];
    execFile(node, args, { timeout: TIMEOUT_MS, encoding: 'utf8' }, (error, stdout, stderr) => {
      const version = versionIn(stdout);
      if (!error && version !== undefined) return resolve(version);
      const said = stderr.trim().split('\n').slice(-10);
      reject(
        new HoldfastError('UPGRADE_FAILED', `Cannot change to "${main}": it does not start`, {
          details: error && said.every((line) => line === '') ? [error.message] : said,
        }),
      );
    });
  });
}

/** Why this version cannot read the desired state of a home; undefined when it can. */
export function unreadableState(dir: string): string | undefined {
  const file = join(dir, 'desired.json');
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: unknown };
    return version === 1 ? undefined : `"${file}" is of version ${version}, which this one cannot read`;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    return `"${file}" cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function versionIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as VersionCheck).version;
  } catch {
    return undefined;
  }
}
