/** A directory as it is, with what is not committed. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { HoldfastError } from '../../errors.ts';
import type { SourceRecord } from '../../protocol/release.ts';
import type { Source } from '../seams.ts';
import { checkPath } from '../store/tree-rules.ts';
import type { TreeEntry, TreeFile } from '../tree.ts';
import { directoryFiles } from './directory-files.ts';
import { existingDirectory } from './existing.ts';
import { finish, someOf } from './finish.ts';
import { parseCommit } from './git/archive.ts';
import { changedFiles, commitText, findRepository, headCommit, type Repository } from './git/working-tree.ts';
import { LONGEST_POINTER, refusePointer } from './lfs.ts';

export interface DirectoryRequest {
  readonly kind: 'directory';
  readonly directory: string;
}

const PIECE = 256 * 1024;
const EXECUTABLE = 0o100;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export async function openDirectory(request: DirectoryRequest): Promise<Source> {
  const dir = existingDirectory(request.directory);
  const repository = await findRepository(dir);
  const found = await directoryFiles(dir, repository?.bare ? null : repository);
  const notes: string[] = [];
  if (found.env.length > 0)
    notes.push(`Not in it, because they belong to one machine (see release.shared): ${someOf(found.env)}`);
  if (found.ignored.length > 0) notes.push(`Not in it, because of .gitignore: ${someOf(found.ignored)}`);
  const entries: TreeEntry[] = [];
  const others: string[] = [];
  const inside = new Map<string, boolean>();
  for (const path of found.paths) {
    checkPath(path);
    const entry = isInside(dir, path, inside) ? await entryOf(dir, path) : 'gone';
    if (entry === 'other') others.push(path);
    else if (entry !== 'gone') entries.push(entry);
  }
  if (others.length > 0) notes.push(`Not in it, because they are no files: ${someOf(others)}`);
  const about = await commitOf(repository);
  const record = { kind: 'directory', from: dir, ref: null, ...about } as const;
  const content = { entries, read: (file: TreeFile) => readUnchanged(dir, file) };
  return { ...finish({ content, record, notes }), close: async () => {} };
}

/** A directory that git knows may be a link by now, and lead anywhere. */
function isInside(dir: string, path: string, known: Map<string, boolean>): boolean {
  const parent = dirname(path);
  let answer = known.get(parent);
  if (answer === undefined) {
    const place = join(dir, parent);
    answer = lstatSync(place, { throwIfNoEntry: false }) !== undefined && realpathSync(place) === place;
    known.set(parent, answer);
  }
  return answer;
}

async function entryOf(dir: string, path: string): Promise<TreeEntry | 'gone' | 'other'> {
  const place = join(dir, path);
  const stats = lstatSync(place, { throwIfNoEntry: false });
  if (stats === undefined) return 'gone';
  if (stats.isSymbolicLink()) return { kind: 'link', path, target: readlinkSync(place) };
  if (!stats.isFile()) return 'other';
  const fd = openSync(place, FLAGS);
  try {
    const sum = createHash('sha256');
    const buffer = Buffer.allocUnsafe(PIECE);
    let size = 0;
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) {
      sum.update(buffer.subarray(0, got));
      size += got;
      if (got === size && size < LONGEST_POINTER) refusePointer(path, buffer.subarray(0, size));
      if (got === PIECE) await pause();
    }
    const executable = (fstatSync(fd).mode & EXECUTABLE) !== 0;
    return { kind: 'file', path, hash: sum.digest('hex'), executable, size };
  } finally {
    closeSync(fd);
  }
}

/** Time has passed since it was looked at. */
async function* readUnchanged(dir: string, { path, hash }: TreeFile): AsyncGenerator<Uint8Array> {
  const sum = createHash('sha256');
  try {
    const handle = await open(join(dir, path), FLAGS);
    for await (const chunk of handle.createReadStream()) {
      sum.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw changed(path, error);
  }
  if (sum.digest('hex') !== hash) throw changed(path);
}

function changed(path: string, cause?: unknown): HoldfastError {
  return new HoldfastError('SOURCE_INVALID', `Cannot take "${path}": it was changed while it was read`, {
    hint: 'Deploy again when nothing writes there, or deploy a commit',
    cause,
  });
}

/** The commit that it is nearest to. */
async function commitOf(
  repository: Repository | null,
): Promise<Pick<SourceRecord, 'commit' | 'author' | 'subject' | 'dirty'>> {
  const commit = repository && !repository.bare ? await headCommit(repository) : null;
  if (!repository || commit === null) return { commit: null, author: null, subject: null, dirty: false };
  const dirty = (await changedFiles(repository)).length > 0;
  return { commit, ...parseCommit(await commitText(repository, commit)), dirty };
}
