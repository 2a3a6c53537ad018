/** Opens a plain file for appending, also as root in a directory of somebody else. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { giveTo, inItsDirectory } from '../../kit/owned-directory.ts';

const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
const APPEND = O_APPEND | O_CREAT | O_WRONLY;

/**
 * Directories that are missing are made (0755), the file has mode 0644, as those of forever and PM2: what reads them beside us may be
 * another user. Throws the system error.
 */
export function openPlain(path: string): number {
  return inItsDirectory(path, 0o755, ({ path: inside, stranger: owner }) => {
    if (!owner) return openSync(inside, APPEND, 0o644);
    // A FIFO without a reader would keep us waiting.
    const fd = openSync(inside, APPEND | O_NOFOLLOW | O_NONBLOCK, 0o644);
    const file = fstatSync(fd);
    // A second name of a file that is not theirs would be as good as a link.
    if (!file.isFile() || file.nlink > 1 || (file.uid !== 0 && file.uid !== owner.uid)) {
      closeSync(fd);
      throw new Error(`"${path}" is not a file of the owner of its directory`);
    }
    if (file.uid === 0 && file.size === 0) giveTo(fd, owner);
    return fd;
  });
}
