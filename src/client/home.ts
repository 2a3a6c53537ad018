/** Which directory is the home, and that it can be one. */
import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { asHoldfastError, HoldfastError, isSystemError } from '../errors.ts';
import { homePaths, LONGEST_SOCKET_PATH } from '../protocol/home.ts';

/** `--home`, then HOLDFAST_HOME, then `~/.holdfast`, for root `/var/lib/holdfast`. Absolute. */
export function findHome(options: {
  readonly flag?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Of the user; undefined where there is no such thing. */
  readonly uid: number | undefined;
}): string {
  const named = options.flag ?? (options.env.HOLDFAST_HOME || undefined);
  if (named !== undefined) return resolve(options.cwd, named);
  if (options.uid === 0) return '/var/lib/holdfast';
  return join(options.env.HOME || homedir(), '.holdfast');
}

/**
 * Makes the home and its folders, 0700, when they are missing. HOME_UNUSABLE when that is impossible, when it belongs to
 * someone else, or when it is a directory with other things in it (whose mode must not be changed: think of `--home /tmp`).
 */
export async function prepareHome(home: string, uid = process.getuid?.()): Promise<void> {
  const paths = homePaths(home);
  if (Buffer.byteLength(paths.control) > LONGEST_SOCKET_PATH) {
    throw unusable(
      home,
      `its sockets would have paths of more than ${LONGEST_SOCKET_PATH} bytes, which no system allows`,
    );
  }
  try {
    await makeFolder(home);
    const { uid: owner, mode } = await stat(home);
    if (uid !== undefined && owner !== uid) throw unusable(home, `it belongs to another user (uid ${owner})`);
    const names = await readdir(home);
    if (names.length > 0 && !names.includes(basename(paths.state))) {
      throw unusable(home, 'it has other things in it and is not a home of Holdfast');
    }
    if ((mode & 0o077) !== 0) await chmod(home, 0o700);
    for (const folder of [paths.state, paths.run, paths.logs]) {
      await makeFolder(folder);
    }
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    if (isSystemError(error) && error.code === 'ENOSPC') throw asHoldfastError(error);
    throw unusable(
      home,
      isSystemError(error) ? (reasons[error.code] ?? error.message) : String(error),
      error,
    );
  }
}

/** With its parents. Node's own `recursive` never ends where the system refuses with ENOENT, as it does in /proc. */
async function makeFolder(path: string): Promise<void> {
  if (await isMade(path)) return;
  await makeFolder(dirname(path));
  if (!(await isMade(path))) await mkdir(path, 0o700);
}

/** Made now, or there before; false when a parent is missing. */
async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path, 0o700);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return false;
    if (isSystemError(error) && error.code === 'EEXIST' && (await stat(path)).isDirectory()) return true;
    throw error;
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'no directory can be made there',
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'it exists and is not a directory',
};

function unusable(home: string, reason: string, cause?: unknown): HoldfastError {
  return new HoldfastError('HOME_UNUSABLE', `Cannot use "${home}" as the home directory: ${reason}`, {
    cause,
  });
}
