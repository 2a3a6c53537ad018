/**
 * A directory as data: what is in it, by the hash of its content. The same tree has the same hash on every machine and at every
 * time, since nothing else counts: no owner, no time, of the mode only whether a file can be executed. Directories are implied, so
 * empty ones are not there.
 */
import { createHash } from 'node:crypto';

export interface TreeFile {
  readonly kind: 'file';
  /** Relative, with `/`, without `.` and `..`. */
  readonly path: string;
  /** SHA-256 of the content, hexadecimal. */
  readonly hash: string;
  readonly executable: boolean;
  /** Bytes. */
  readonly size: number;
}

export interface TreeLink {
  readonly kind: 'link';
  readonly path: string;
  /** As it is written in the link; it leads to something inside the tree. */
  readonly target: string;
}

export type TreeEntry = TreeFile | TreeLink;

export interface Tree {
  /** Sorted by path, by code unit. */
  readonly entries: readonly TreeEntry[];
  /** SHA-256 over all of them, hexadecimal. */
  readonly hash: string;
}

export function treeOf(entries: Iterable<TreeEntry>): Tree {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  const sum = createHash('sha256');
  for (const entry of sorted) sum.update(`${lineOf(entry)}\n`);
  return { entries: sorted, hash: sum.digest('hex') };
}

/** JSON, so that no name can be taken for something else. */
function lineOf(entry: TreeEntry): string {
  if (entry.kind === 'link') return JSON.stringify(['link', entry.path, entry.target]);
  return JSON.stringify([entry.executable ? 'program' : 'file', entry.path, entry.hash]);
}
