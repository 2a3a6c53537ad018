/**
 * What releases are made of, each content once, for all projects of a machine. A release has hard links to it, so a store that is lost
 * or cleaned up harms no release; and ten releases that differ in a few files need the room of one.
 */
import { type Clock, systemClock } from '../../kit/clock.ts';
import type { FileStore } from '../seams.ts';
import type { Tree, TreeFile } from '../tree.ts';
import { absorb } from './absorb.ts';
import { addContent } from './add.ts';
import { collect } from './collect.ts';
import { Contents } from './contents.ts';
import { materialise } from './materialise.ts';
import { SavedTrees } from './saved-trees.ts';

/** @param dir see ReleasePaths; on the same file system as the releases, else they are copies */
export function createFileStore(dir: string, clock: Clock = systemClock): FileStore {
  const contents = new Contents(dir, clock);
  const trees = new SavedTrees(dir, clock);
  const missing = (tree: Tree): TreeFile[] => {
    const lacking = new Map<string, TreeFile>();
    for (const entry of tree.entries) {
      if (entry.kind === 'file' && !contents.has(entry)) lacking.set(contents.pathOf(entry), entry);
    }
    return [...lacking.values()];
  };
  return {
    has: (file) => contents.has(file),
    missing,
    add: (file, content) => addContent(contents, file, content),
    materialise: (tree, target, how) => materialise(contents, tree, target, how),
    absorb: (target, without, how) => absorb(contents, target, without, how),
    collect: () => collect(contents, trees, clock),
    saveTree: (key, tree) => trees.save(key, tree),
    loadTree(key) {
      const tree = trees.load(key);
      return tree && missing(tree).length === 0 ? tree : null;
    },
  };
}
