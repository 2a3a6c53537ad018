/** What another machine sends, as a source: contents are in the store by then, and lie in a directory of their own until all is made. */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { SourceRecord } from '../../protocol/release.ts';
import type { FileStore, Source } from '../seams.ts';
import { checkLinks, checkPaths } from '../store/tree-rules.ts';
import { type Tree, type TreeEntry, treeOf } from '../tree.ts';

/** @throws HoldfastError SOURCE_INVALID when it is not one, or another than its record says */
export function receivedTree(entries: readonly TreeEntry[], { treeHash }: SourceRecord): Tree {
  for (const entry of entries) if (!isEntry(entry)) throw invalid('an entry of it is none');
  checkPaths(entries);
  checkLinks(entries);
  const tree = treeOf(entries);
  if (tree.hash !== treeHash) throw invalid('it is not what was announced');
  return tree;
}

/** @param parent on the file system of the store; what is left there by a session that was killed is swept */
export async function receivedSource(
  parent: string,
  store: FileStore,
  given: Pick<Source, 'record' | 'tree' | 'notes'>,
): Promise<Source> {
  const dir = mkdtempSync(join(parent, 'received-'));
  const close = async () => rmSync(dir, { recursive: true, force: true });
  try {
    await store.materialise(given.tree, dir);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...given, read: ({ path }) => createReadStream(join(dir, path)), close };
}

function isEntry(entry: TreeEntry): boolean {
  if (typeof entry.path !== 'string') return false;
  if (entry.kind === 'link') return typeof entry.target === 'string';
  const { kind, hash, size, executable } = entry;
  return (
    kind === 'file' &&
    /^[0-9a-f]{64}$/.test(hash) &&
    Number.isSafeInteger(size) &&
    size >= 0 &&
    typeof executable === 'boolean'
  );
}

function invalid(why: string): HoldfastError {
  return new HoldfastError('SOURCE_INVALID', `Cannot take what was sent: ${why}`, {
    hint: 'Nothing was changed. Deploy again; are both Holdfasts of the same version?',
  });
}
