import { lstatSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { HoldfastError, isSystemError } from '../../errors.ts';

/**
 * Absolute path of a directory, without links in it.
 *
 * @throws HoldfastError SOURCE_INVALID when there is none
 */
export function existingDirectory(directory: string): string {
  try {
    const dir = realpathSync(resolve(directory));
    if (lstatSync(dir).isDirectory()) return dir;
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT') throw error;
  }
  throw new HoldfastError('SOURCE_INVALID', `There is no directory "${directory}"`);
}
