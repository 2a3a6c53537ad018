/** Secrets: variables whose values are the contents of files. They are read for each start and kept nowhere. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isSystemError } from '../errors.ts';
import { accountName, type Identity } from './identity.ts';

/** What is larger was named by mistake; the kernel takes 128 KB for one variable, see execve(2). */
const LARGEST = 100 * 1024;
/** As the kernel does, see path_resolution(7). */
const MOST_LINKS = 40;
const OTHERS_MAY_WRITE = 0o022;

/**
 * @param reader as whom the program runs that gets them, when that is another user: what is in a directory that this user, or anybody but
 * root, can change may be a link to any file, so it must be one that the user may read anyway
 * @throws Error whose message names the variable and the file, and nothing of what is in it
 */
export function readSecrets(
  secrets: Readonly<Record<string, string>>,
  reader: Identity | null,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, file]) => [name, readSecret(name, file, reader)]),
  );
}

function readSecret(name: string, file: string, reader: Identity | null): string {
  const refuse = (why: string) => new Error(`cannot read the secret "${name}" from "${file}": ${why}`);
  let value: string;
  try {
    value = withFile(file, (fd, stat) => {
      if (!stat.isFile()) throw refuse('it is not a file');
      if (stat.size > LARGEST) throw refuse(`it has more than ${LARGEST / 1024} KB`);
      const why = reader && hindranceFor(reader, file, fd);
      if (why) throw refuse(why);
      return readFileSync(fd, 'utf8').replace(/\r?\n$/, '');
    });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw refuse(error.code === 'ENOENT' ? 'there is no such file (ENOENT)' : error.code);
  }
  if (value.includes('\0')) throw refuse('it holds a zero byte, which no variable can');
  return value;
}

/** What is looked at is what is read, and a FIFO keeps nobody waiting. */
function withFile<T>(file: string, action: (fd: number, stat: Stats) => T): T {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return action(fd, fstatSync(fd));
  } finally {
    closeSync(fd);
  }
}

function hindranceFor({ account, gid }: Identity, file: string, fd: number): string | null {
  if (!account || mayRead(fd, file, account.uid, gid) || isRootsPath(file)) return null;
  return `the user "${accountName(account)}" may not read it, and not only root can change what is at that path: let that user own the file, or move it to a directory of root`;
}

/** It may itself, and may enter all directories above where the file really is. */
function mayRead(fd: number, file: string, user: number, group: number): boolean {
  const may = ({ uid, gid, mode }: Stats, right: number) =>
    uid === user || (mode & right) !== 0 || (gid === group && (mode & (right << 3)) !== 0);
  if (!may(fstatSync(fd), 0o004)) return false;
  let dir = process.platform === 'linux' ? readlinkSync(`/proc/self/fd/${fd}`) : realpathSync(file);
  while (dir !== '/') {
    dir = dirname(dir);
    if (!may(statSync(dir), 0o001)) return false;
  }
  return true;
}

/** Only root can have put there what is at this path: all directories on the way are root's, also those that links lead through. */
function isRootsPath(file: string): boolean {
  let left = file.split('/').filter(Boolean);
  let dir = '/';
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const { uid, mode } = lstatSync(dir);
    if (uid !== 0 || (mode & OTHERS_MAY_WRITE) !== 0) return false;
    const next = join(dir, name);
    if (!lstatSync(next).isSymbolicLink()) {
      dir = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) return false;
    left = [...resolve(dir, readlinkSync(next)).split('/').filter(Boolean), ...left];
    dir = '/';
  }
  return true;
}
