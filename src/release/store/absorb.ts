/**
 * A directory into the store: each file becomes a link to the store's content.
 *
 * Contents are copied, not taken over: what made the directory may still have a file open, or share it with a cache of its own (pnpm
 * does), and could change it for all releases later. Nor can names be exchanged meanwhile: directories are made ours from the top.
 */
import { createHash, hash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { HoldfastError } from '../../errors.ts';
import { makeOurs, makeOwn } from '../ours.ts';
import { type Tree, type TreeEntry, type TreeFile, treeOf } from '../tree.ts';
import type { Contents } from './contents.ts';
import { FILES_PER_TURN } from './materialise.ts';
import { checkPath, quote } from './tree-rules.ts';

/** Bytes; larger ones are copied in pieces of this size. */
const LARGE = 4 * 1024 * 1024;
const EXECUTABLE = 0o100;

/** Links are left as they are, wherever they lead: shared paths and workspaces lead out. */
export async function absorb(
  contents: Contents,
  dir: string,
  without: readonly string[] = [],
  { copies = false }: { readonly copies?: boolean } = {},
): Promise<Tree> {
  const left = new Set(without.map((path) => path.replace(/\/+$/, '')));
  const entries: TreeEntry[] = [];
  const ahead = [''];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    makeOurs(join(dir, at));
    for (const entry of readdirSync(join(dir, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (left.has(path)) continue;
      checkPath(path);
      if (entry.isDirectory()) ahead.push(path);
      else if (entry.isSymbolicLink()) {
        entries.push({ kind: 'link', path, target: readlinkSync(join(dir, path)) });
      } else if (entry.isFile()) {
        entries.push(await absorbFile(contents, dir, path, copies));
        if (entries.length % FILES_PER_TURN === 0) await pause();
      } else {
        throw new HoldfastError(
          'SOURCE_INVALID',
          `Cannot keep ${quote(path)}: it is neither a file nor a directory nor a link`,
          { hint: 'A pipe or a socket cannot be part of a release: have the build remove it' },
        );
      }
    }
  }
  return treeOf(entries);
}

async function absorbFile(contents: Contents, dir: string, path: string, copies: boolean): Promise<TreeFile> {
  const place = join(dir, path);
  // Should it be a pipe meanwhile, opening it must not wait.
  const fd = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size, mode } = fstatSync(fd);
    const executable = (mode & EXECUTABLE) !== 0;
    const file =
      size > LARGE ? await copyLarge(contents, fd, executable) : copySmall(contents, fd, executable);
    if (!copies) putLink(contents, file, place);
    return { kind: 'file', path, ...file };
  } finally {
    closeSync(fd);
  }
}

type Taken = Pick<TreeFile, 'hash' | 'executable' | 'size'>;

function copySmall(contents: Contents, fd: number, executable: boolean): Taken {
  const bytes = readFileSync(fd);
  const taken = { hash: hash('sha256', bytes, 'hex'), executable, size: bytes.length };
  contents.write(taken, bytes);
  return taken;
}

async function copyLarge(contents: Contents, fd: number, executable: boolean): Promise<Taken> {
  const temporary = contents.temporaryPath();
  const to = openSync(temporary, 'wx', 0o600);
  try {
    const sum = createHash('sha256');
    const buffer = Buffer.allocUnsafe(LARGE);
    let size = 0;
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) {
      const piece = buffer.subarray(0, got);
      sum.update(piece);
      for (let done = 0; done < got; ) done += writeSync(to, piece, done);
      size += got;
      await pause();
    }
    const taken = { hash: sum.digest('hex'), executable, size };
    contents.take(taken, temporary);
    return taken;
  } finally {
    closeSync(to);
    unlinkSync(temporary);
  }
}

/** In one step, so that the file is there at every moment. */
function putLink(contents: Contents, file: Taken, place: string): void {
  const stored = lstatSync(contents.pathOf(file), { throwIfNoEntry: false });
  const there = lstatSync(place);
  if (stored?.ino === there.ino && stored.dev === there.dev) return;
  // On another file system it stays as it is: a copy would be one, too.
  if (stored?.dev !== there.dev) {
    makeOwn(place, there.uid);
    chmodSync(place, file.executable ? 0o555 : 0o444);
    return;
  }
  const temporary = contents.temporaryPath();
  contents.link(file, temporary);
  try {
    renameSync(temporary, place);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
}
