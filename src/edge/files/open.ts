/** Opens files below a directory, and nothing else, whatever symbolic links there are and whoever changes them meanwhile. */
import { close, constants, fstat, open, readlink, realpath, type Stats } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isSystemError } from '../../errors.ts';
import { isShown } from './file-path.ts';

const opened = promisify(open);
const statOf = promisify(fstat);
const linkOf = promisify(readlink);
const realOf = promisify(realpath);

/** O_NONBLOCK: to open a FIFO would wait for somebody who writes. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** An open file; whoever gets it closes it. */
export interface OpenFile {
  readonly fd: number;
  readonly stats: Stats;
}

/**
 * Opens a file. A directory is only told, anything that is neither, or lies elsewhere or hidden, is not there.
 * @throws what the system says, unless it says that there is no such file
 */
export async function openBelow(
  root: string,
  segments: readonly string[],
): Promise<OpenFile | 'directory' | 'denied' | undefined> {
  let fd: number;
  let top: string;
  let path: string;
  try {
    // First, because the root may be a link that leads to the next release in a moment.
    top = await realOf(root);
    path = join(top, ...segments);
    fd = await opened(path, FLAGS);
  } catch (error) {
    return refused(error);
  }
  try {
    const stats = await statOf(fd);
    // Asked of what is open, so that nobody can put a link there after the look.
    const place = await placeOf(fd, path);
    if (place === top || isShown(top, place)) {
      if (stats.isFile()) {
        const file = { fd, stats };
        fd = -1;
        return file;
      }
      if (stats.isDirectory()) return 'directory';
    }
    return undefined;
  } catch (error) {
    return refused(error);
  } finally {
    if (fd >= 0) closeFile(fd);
  }
}

export function closeFile(fd: number): void {
  close(fd, () => {});
}

async function placeOf(fd: number, path: string): Promise<string> {
  return process.platform === 'linux' ? await linkOf(`/proc/self/fd/${fd}`) : await realOf(path);
}

function refused(error: unknown): 'denied' | undefined {
  if (!isSystemError(error)) throw error;
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'denied';
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO', 'ENODEV'].includes(error.code))
    return undefined;
  throw error;
}
