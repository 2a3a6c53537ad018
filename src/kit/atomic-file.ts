/**
 * Small files that are never half written: write a temporary file, fsync it, rename it over the old one, fsync the
 * directory. With `generations`, what was there before stays as `<file>.1`, `<file>.2` …, and reading falls back to
 * them when the newest is damaged.
 */
import {
  closeSync,
  copyFileSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { copyFile, type FileHandle, link, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

export interface WriteOptions {
  /** Permissions of the file, whatever the umask; 0600 unless told. */
  readonly mode?: number;
  /** How many previous generations to keep; none unless told. */
  readonly generations?: number;
  /** Wait until the disk has it (fsync); yes unless told. Without it the file is still never half written, but a power cut may bring back the old one. */
  readonly sync?: boolean;
}

/** Found a value, and what was wrong with the files before it. */
export interface Found<T> {
  readonly value: T;
  /** 0 is the newest, 1 the one before. */
  readonly generation: number;
  readonly damaged: readonly Damaged[];
}

/** No file is valid: `damaged` is empty when there is none at all. */
export interface NothingFound {
  readonly value: undefined;
  readonly generation: undefined;
  readonly damaged: readonly Damaged[];
}

export interface Damaged {
  readonly file: string;
  readonly reason: string;
  /** Where it is now; undefined when it could not be moved. */
  readonly setAside: string | undefined;
}

let counter = 0;
const lastWrite = new Map<string, Promise<void>>();

/**
 * Replaces a file as a whole. Calls for the same file take effect one after the other, in the order of the calls.
 * On an error (ENOSPC, EACCES …), which is thrown as it is, the old file is still there, untouched.
 */
export function writeAtomic(
  file: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  const key = resolve(file);
  const before = lastWrite.get(key) ?? Promise.resolve();
  const mine = before.catch(() => {}).then(() => replace(key, data, options));
  lastWrite.set(key, mine);
  const forget = () => {
    if (lastWrite.get(key) === mine) lastWrite.delete(key);
  };
  mine.then(forget, forget);
  return mine;
}

/** The same, done when it returns. Not to be mixed with an unfinished `writeAtomic` of the same file. */
export function writeAtomicSync(file: string, data: string | Uint8Array, options: WriteOptions = {}): void {
  const { mode = 0o600, generations = 0, sync = true } = options;
  const temporary = temporaryName(file);
  // What is in its place is of a writer with our pid that died, or a link that leads elsewhere.
  rmSync(temporary, { force: true });
  try {
    const fd = openSync(temporary, 'wx', mode);
    try {
      if (options.mode !== undefined) fchmodSync(fd, options.mode);
      writeFileSync(fd, data);
      if (sync) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    for (let n = generations; n > 1; n--)
      ignoringMissing(() => renameSync(`${file}.${n - 1}`, `${file}.${n}`));
    if (generations > 0) ignoringMissing(() => keepSync(file, `${file}.1`));
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (sync) syncDirectory(dirname(file));
}

/**
 * The newest generation that `parse` accepts; `parse` throws at what is not valid. A file that it refuses is renamed to
 * `<file>.corrupt-<time>`. Temporary files of writers that died are removed. Errors of reading (EACCES, EIO) are thrown.
 */
export async function readNewest<T>(
  file: string,
  parse: (text: string) => T,
  options: { readonly generations?: number; readonly now?: number } = {},
): Promise<Found<T> | NothingFound> {
  const { generations = 0, now = Date.now() } = options;
  const damaged: Damaged[] = [];
  await removeStaleTemporaries(file);
  for (let generation = 0; generation <= generations; generation++) {
    const name = generation === 0 ? file : `${file}.${generation}`;
    const text = await readIfThere(name);
    if (text === undefined) continue;
    try {
      return { value: parse(text), generation, damaged };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      damaged.push({ file: name, reason, setAside: await setAside(name, now) });
    }
  }
  return { value: undefined, generation: undefined, damaged };
}

async function replace(file: string, data: string | Uint8Array, options: WriteOptions): Promise<void> {
  const { mode = 0o600, generations = 0, sync = true } = options;
  const temporary = temporaryName(file);
  let handle: FileHandle | undefined;
  await rm(temporary, { force: true });
  try {
    handle = await open(temporary, 'wx', mode);
    if (options.mode !== undefined) await handle.chmod(options.mode);
    await handle.writeFile(data);
    if (sync) await handle.sync();
    await handle.close();
    handle = undefined;
    for (let n = generations; n > 1; n--)
      await rename(`${file}.${n - 1}`, `${file}.${n}`).catch(missingIsFine);
    if (generations > 0) await keep(file, `${file}.1`).catch(missingIsFine);
    await rename(temporary, file);
  } catch (error) {
    await handle?.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
  if (sync) syncDirectory(dirname(file));
}

/** A second name for the file, so that the first one never is missing; a copy where the file system has no links. */
async function keep(file: string, as: string): Promise<void> {
  const temporary = temporaryName(file);
  try {
    await link(file, temporary).catch((error) => {
      if (isMissing(error)) throw error;
      return copyFile(file, temporary);
    });
    await rename(temporary, as);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function keepSync(file: string, as: string): void {
  const temporary = temporaryName(file);
  try {
    try {
      linkSync(file, temporary);
    } catch (error) {
      if (isMissing(error)) throw error;
      copyFileSync(file, temporary);
    }
    renameSync(temporary, as);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Has the disk hold which names a directory has: a rename that a power cut does not undo. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    // Some file systems (network, FUSE) know no fsync of a directory; the rename itself is done.
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes(codeOf(error))) throw error;
  } finally {
    closeSync(fd);
  }
}

async function setAside(file: string, now: number): Promise<string | undefined> {
  const stamp = new Date(now).toISOString().replace(/[-:]/g, '').replace('.', '-');
  const target = `${file}.corrupt-${stamp}`;
  return rename(file, target).then(
    () => target,
    () => undefined,
  );
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function temporaryName(file: string): string {
  counter += 1;
  return `${file}.${process.pid}-${counter}.tmp`;
}

async function removeStaleTemporaries(file: string): Promise<void> {
  const prefix = `${basename(file)}.`;
  const names = await readdir(dirname(file)).catch(() => [] as string[]);
  for (const name of names) {
    const pid = name.startsWith(prefix) && /^(\d+)-\d+\.tmp$/.exec(name.slice(prefix.length))?.[1];
    if (pid && !exists(Number(pid))) await rm(join(dirname(file), name), { force: true });
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function missingIsFine(error: unknown): void {
  if (!isMissing(error)) throw error;
}

function ignoringMissing(action: () => void): void {
  try {
    action();
  } catch (error) {
    missingIsFine(error);
  }
}

/** Of a system error; empty for any other. */
function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? '';
}
