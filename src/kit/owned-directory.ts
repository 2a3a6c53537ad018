/**
 * Writing as root in directories that somebody else can write to (`/home/ann/app/logs`): that person could have put a link there, and
 * root would write to where it points. So, as root on Linux, the path is walked one directory at a time: links are followed where
 * only root could have made them, and what is made below a directory of somebody else belongs to that person.
 */
import { closeSync, constants, fchownSync, fstatSync, mkdirSync, openSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const { O_NOFOLLOW, O_DIRECTORY, O_RDONLY } = constants;
const OTHERS_MAY_WRITE = 0o022;

export interface Place {
  /** Leads to the name in the directory that was reached, whatever becomes of the path meanwhile. The name itself may be a link. */
  readonly path: string;
  /** Who owns the directory; null when nobody but us need be thought of. */
  readonly stranger: Stats | null;
}

/**
 * Calls `action` with where a file is, which is good until it returns. Directories that are missing are made with `mode`; without one
 * they are an error.
 *
 * @param path absolute
 * @throws the system error, ELOOP or ENOTDIR where a link may not be followed
 */
export function inItsDirectory<T>(path: string, mode: number | null, action: (place: Place) => T): T {
  // Ours is stricter than what people expect of files that they name.
  const umask = process.umask(0o022);
  try {
    if (process.platform === 'linux' && process.geteuid?.() === 0) return asRoot(path, mode, action);
    if (mode !== null) mkdirSync(dirname(path), { recursive: true, mode });
    return action({ path, stranger: null });
  } finally {
    process.umask(umask);
  }
}

/** `/tmp` belongs to root, though all may write there. */
export function giveTo(fd: number, { uid, gid }: Stats): void {
  if (uid !== 0) fchownSync(fd, uid, gid);
}

function asRoot<T>(path: string, mode: number | null, action: (place: Place) => T): T {
  const parts = dirname(path)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  let dir = openSync('/', O_RDONLY | O_DIRECTORY);
  try {
    for (const part of parts) {
      const next = enter(dir, part, mode);
      closeSync(dir);
      dir = next;
    }
    const owner = fstatSync(dir);
    return action({
      path: join(`/proc/self/fd/${dir}`, basename(path)),
      stranger: isRootsOwn(owner) ? null : owner,
    });
  } finally {
    closeSync(dir);
  }
}

function enter(dir: number, name: string, mode: number | null): number {
  const inside = `/proc/self/fd/${dir}/${name}`;
  const owner = fstatSync(dir);
  const flags = O_RDONLY | O_DIRECTORY | (isRootsOwn(owner) ? 0 : O_NOFOLLOW);
  try {
    return openSync(inside, flags);
  } catch (error) {
    if (mode === null || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(inside, mode);
  const made = openSync(inside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  giveTo(made, owner);
  return made;
}

/** Only root can have put there what is in it. */
function isRootsOwn({ uid, mode }: Stats): boolean {
  return uid === 0 && (mode & OTHERS_MAY_WRITE) === 0;
}
