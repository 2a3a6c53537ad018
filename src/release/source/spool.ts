/** Entries of an archive: their contents into a scratch directory, by their hash, and what they are together. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { checkPath } from '../store/tree-rules.ts';
import type { TreeEntry, TreeFile } from '../tree.ts';
import { LONGEST_POINTER, refusePointer } from './lfs.ts';
import type { TarEntry } from './tar/reader.ts';

export interface Spooled {
  readonly entries: readonly TreeEntry[];
  read(file: TreeFile): AsyncIterable<Uint8Array>;
}

/** @throws HoldfastError SOURCE_INVALID */
export async function spool(
  input: AsyncIterable<TarEntry>,
  scratch: string,
  signal?: AbortSignal,
): Promise<Spooled> {
  const entries: TreeEntry[] = [];
  for await (const entry of input) {
    signal?.throwIfAborted();
    const { kind, path, target } = entry;
    // Directories are not kept, but what their names say of the archive counts.
    if (kind !== 'directory' || path !== '') checkPath(path);
    if (kind === 'link') entries.push({ kind, path, target });
    else if (kind === 'file') entries.push(await keep(entry, scratch));
  }
  return { entries, read: ({ hash }) => createReadStream(join(scratch, hash)) };
}

async function keep({ path, executable, content }: TarEntry, scratch: string): Promise<TreeFile> {
  const temporary = join(scratch, 'incoming');
  const fd = openSync(temporary, 'w', 0o600);
  const sum = createHash('sha256');
  let size = 0;
  const head: Uint8Array[] = [];
  try {
    for await (const chunk of content) {
      sum.update(chunk);
      if (size < LONGEST_POINTER) head.push(chunk);
      size += chunk.length;
      for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done);
    }
  } finally {
    closeSync(fd);
  }
  if (size < LONGEST_POINTER) refusePointer(path, Buffer.concat(head));
  const hash = sum.digest('hex');
  renameSync(temporary, join(scratch, hash));
  return { kind: 'file', path, hash, executable, size };
}
