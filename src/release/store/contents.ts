/**
 * Contents by their hash: `files/3f/3f2a…`, and with `-x` behind it for programs, because the mode belongs to the content and not to
 * its names. A content gets its name when it is complete, so a process that is killed leaves nothing half. What was changed later,
 * through one of its other names, is not the content any more: see seal.ts.
 */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { HoldfastError, isSystemError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { TreeFile } from '../tree.ts';
import { isSealed, modeOf, seal, stillIs } from './seal.ts';
import { quote } from './tree-rules.ts';

/** What of a file counts. */
export type Content = Pick<TreeFile, 'hash' | 'executable' | 'size'>;

export class Contents {
  readonly #dir: string;
  readonly files: string;
  /** What is being written. */
  readonly temporary: string;
  readonly #clock: Clock;
  readonly #writer = randomUUID();
  #count = 0;
  #made = new Set<string>();

  constructor(dir: string, clock: Clock) {
    this.#dir = dir;
    this.files = join(dir, 'files');
    this.temporary = join(dir, 'tmp');
    this.#clock = clock;
  }

  pathOf({ hash, executable }: Content): string {
    return join(this.files, hash.slice(0, 2), executable ? `${hash}-x` : hash);
  }

  /**
   * Whether it is there, and still what it was. What somebody asked for is going to be used, so it is kept for a while: the time of the
   * last access says so.
   */
  has(content: Content): boolean {
    const path = this.pathOf(content);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found?.isFile() || found.size !== content.size) return false;
    const mode = modeOf(content);
    const sameMode = (found.mode & 0o7777) === mode;
    if (!(sameMode && isSealed(content, found)) && !stillIs(content, path)) return false;
    if (!sameMode) chmodSync(path, mode);
    seal(content, path, { accessMs: this.#clock.now(), modifiedMs: found.mtimeMs });
    return true;
  }

  /** A name for something that is not complete yet. */
  temporaryPath(): string {
    this.#makeDir(this.temporary);
    return join(this.temporary, `${this.#writer}-${this.#count++}`);
  }

  /** A small content, all of it. */
  write(content: Content, bytes: Uint8Array): void {
    if (this.has(content)) return;
    const temporary = this.temporaryPath();
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(fd, bytes);
      this.take(content, temporary);
    } finally {
      closeSync(fd);
      unlinkSync(temporary);
    }
  }

  /** A content that is complete in a file of `temporary`; that name stays. Two that take the same content share what was there first. */
  take(content: Content, temporary: string): void {
    const path = this.pathOf(content);
    this.#makeDir(dirname(path));
    // Whatever the umask.
    chmodSync(temporary, modeOf(content));
    const now = this.#clock.now();
    seal(content, temporary, { accessMs: now, modifiedMs: now });
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (!this.has(content)) this.#replace(temporary, path);
    }
  }

  /**
   * Another name for a content, which must not be taken.
   *
   * @returns whether it is a link; on another file system it can only be a copy
   * @throws HoldfastError SOURCE_INVALID when the content, or the place, is not there
   */
  link(content: Content, to: string): boolean {
    const path = this.pathOf(content);
    try {
      linkSync(path, to);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EXDEV') {
        this.#copy(path, to);
        return false;
      }
      // ext4 gives a file 65,000 names: a fresh copy takes the place of the one that has them all.
      if (codeOf(error) === 'EMLINK') {
        const fresh = this.temporaryPath();
        this.#copy(path, fresh);
        renameSync(fresh, path);
        return this.link(content, to);
      }
      if (codeOf(error) === 'EEXIST') throw refused(to, 'something has this name already');
      if (codeOf(error) === 'ENOENT') throw refused(to, 'its content is not in the store: deploy again');
      throw error;
    }
  }

  /**
   * The same as a file of its own, which shares its blocks where the file system can do that.
   *
   * @throws HoldfastError SOURCE_INVALID as for `link`
   */
  copy(content: Content, to: string): void {
    try {
      this.#copy(this.pathOf(content), to);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw refused(to, 'something has this name already');
      if (codeOf(error) === 'ENOENT') throw refused(to, 'its content is not in the store: deploy again');
      throw error;
    }
  }

  #replace(temporary: string, path: string): void {
    const second = this.temporaryPath();
    linkSync(temporary, second);
    renameSync(second, path);
  }

  #copy(from: string, to: string): void {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    chmodSync(to, lstatSync(from).mode & 0o777);
  }

  #makeDir(dir: string): void {
    if (this.#made.has(dir)) return;
    // Releases lie beside it, and apps of other users must get there.
    mkdirSync(dirname(this.#dir), { recursive: true, mode: 0o755 });
    // What is in it is for all who may see the releases that it is linked into, and for nobody else.
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#made.add(dir);
  }
}

function refused(path: string, why: string): HoldfastError {
  return new HoldfastError('SOURCE_INVALID', `Cannot make ${quote(path)}: ${why}`);
}

function codeOf(error: unknown): string {
  return isSystemError(error) ? error.code : '';
}
