/** Files in directories of others, who could have put anything there: a link to a file of ours, a pipe that never ends. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/**
 * The text of a file that is one, and not too large.
 *
 * @throws Error when it is a link, a pipe, a directory, larger than `maxBytes`, or not there
 */
export function readPlainFile(file: string, maxBytes: number): string {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > maxBytes)
      throw new Error(`not a plain file of at most ${maxBytes} bytes`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}
