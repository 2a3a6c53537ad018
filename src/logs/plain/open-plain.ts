/**
 * Opens a plain file for appending. When root does it in a directory that somebody else can write to (`/home/ann/app/logs`),
 * that person could have put a link there, and root would write to where it points. So, as root on Linux, the path is walked
 * one directory at a time: links are followed where only root could have made them, and what is made below a directory
 * of somebody else belongs to that person.
 */
import { closeSync, constants, fchownSync, fstatSync, mkdirSync, openSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { isSystemError } from '../../errors.ts';

const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_DIRECTORY, O_RDONLY } = constants;
const APPEND = O_APPEND | O_CREAT | O_WRONLY;
const OTHERS_MAY_WRITE = 0o022;

/** Directories that are missing are made (0750), the file has mode 0640. Throws the system error. */
export function openPlain(path: string): number {
  if (process.platform === 'linux' && process.geteuid?.() === 0) return openAsRoot(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  return openSync(path, APPEND, 0o640);
}

function openAsRoot(path: string): number {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const name = parts.pop() ?? '';
  let dir = openSync('/', O_RDONLY | O_DIRECTORY);
  try {
    for (const part of parts) {
      const next = enter(dir, part);
      closeSync(dir);
      dir = next;
    }
    return openIn(dir, name, path);
  } finally {
    closeSync(dir);
  }
}

function enter(dir: number, name: string): number {
  const inside = `/proc/self/fd/${dir}/${name}`;
  const owner = fstatSync(dir);
  const flags = O_RDONLY | O_DIRECTORY | (isRootsOwn(owner) ? 0 : O_NOFOLLOW);
  try {
    return openSync(inside, flags);
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT') throw error;
  }
  mkdirSync(inside, 0o750);
  const made = openSync(inside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  giveTo(made, owner);
  return made;
}

function openIn(dir: number, name: string, path: string): number {
  const owner = fstatSync(dir);
  const trusted = isRootsOwn(owner);
  const fd = openSync(`/proc/self/fd/${dir}/${name}`, APPEND | (trusted ? 0 : O_NOFOLLOW), 0o640);
  const file = fstatSync(fd);
  // A second name of a file that is not theirs would be as good as a link.
  if (!trusted && (!file.isFile() || file.nlink > 1 || (file.uid !== 0 && file.uid !== owner.uid))) {
    closeSync(fd);
    throw new Error(`"${path}" is not a file of the owner of its directory`);
  }
  if (!trusted && file.uid === 0 && file.size === 0) giveTo(fd, owner);
  return fd;
}

/** Only root can have put there what is in it. */
function isRootsOwn({ uid, mode }: Stats): boolean {
  return uid === 0 && (mode & OTHERS_MAY_WRITE) === 0;
}

/** `/tmp` belongs to root, though all may write there. */
function giveTo(fd: number, { uid, gid }: Stats): void {
  if (uid !== 0) fchownSync(fd, uid, gid);
}
