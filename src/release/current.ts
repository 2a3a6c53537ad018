/** Which release of a project serves, as the symbolic link `current` says. */
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { ReleasePaths } from './paths.ts';

export function currentRelease({ current }: Pick<ReleasePaths, 'current'>): string | null {
  try {
    return basename(readlinkSync(current));
  } catch {
    return null;
  }
}
