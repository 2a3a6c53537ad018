/** Removes contents that have no other name, and that no saved tree of the last 30 days has. */
import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import type { Clock } from '../../kit/clock.ts';
import type { Contents } from './contents.ts';
import { FILES_PER_TURN } from './materialise.ts';
import { namesIn, type SavedTrees } from './saved-trees.ts';

/** Another process may have put, or asked for, a content that it is about to link. */
export const ABOUT_TO_BE_USED_MS = 60 * 60_000;
export const TREE_KEPT_MS = 30 * 24 * 60 * 60_000;

/** @returns bytes */
export async function collect(contents: Contents, trees: SavedTrees, clock: Clock): Promise<number> {
  const now = clock.now();
  const saved = trees.list();
  const wanted = new Set<string>();
  for (const { tree, usedAt } of saved) {
    if (now - usedAt >= TREE_KEPT_MS) continue;
    for (const entry of tree.entries) if (entry.kind === 'file') wanted.add(contents.pathOf(entry));
  }
  let freed = 0;
  let seen = 0;
  for (const part of namesIn(contents.files)) {
    for (const name of namesIn(join(contents.files, part))) {
      if (++seen % FILES_PER_TURN === 0) await pause();
      const path = join(contents.files, part, name);
      if (!wanted.has(path)) freed += removeUnused(path, now);
    }
  }
  for (const { tree, usedAt, remove } of saved) {
    if (now - usedAt < TREE_KEPT_MS) continue;
    const complete = tree.entries.every(
      (entry) => entry.kind === 'link' || lstatSync(contents.pathOf(entry), { throwIfNoEntry: false }),
    );
    if (!complete) remove();
  }
  return freed + removeLeftovers(contents, now);
}

function removeUnused(path: string, now: number): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.nlink !== 1 || now - found.atimeMs < ABOUT_TO_BE_USED_MS) return 0;
  rmSync(path, { force: true });
  return found.size;
}

/** Of processes that were killed. What is still written to is young. */
function removeLeftovers({ temporary }: Contents, now: number): number {
  let freed = 0;
  for (const name of namesIn(temporary)) {
    const path = join(temporary, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found || now - Math.max(found.mtimeMs, found.ctimeMs) < ABOUT_TO_BE_USED_MS) continue;
    rmSync(path, { force: true });
    if (found.nlink === 1) freed += found.size;
  }
  return freed;
}
