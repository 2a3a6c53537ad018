/** What all sources end with: the tree is checked, described, and given out; or what was made for it is removed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { SourceRecord } from '../../protocol/release.ts';
import type { Source } from '../seams.ts';
import { caseCollisions, checkLinks, checkPaths } from '../store/tree-rules.ts';
import { treeOf } from '../tree.ts';
import type { Spooled } from './spool.ts';

export interface Opened {
  readonly content: Spooled;
  readonly record: Omit<SourceRecord, 'treeHash'>;
  readonly notes: readonly string[];
}

export interface OpenOptions {
  /** Where contents wait until they are read; as much room as the source needs. The directory of temporary files unless told. */
  readonly scratch?: string;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/** Calls `open` with an empty directory, which is there until the source is closed. */
export async function withScratch(
  options: OpenOptions,
  open: (scratch: string) => Promise<Opened>,
): Promise<Source> {
  const scratch = mkdtempSync(join(options.scratch ?? tmpdir(), 'holdfast-source-'));
  const close = async () => rmSync(scratch, { recursive: true, force: true });
  try {
    return { ...finish(await open(scratch)), close };
  } catch (error) {
    await close();
    if (!options.signal?.aborted) throw error;
    throw new HoldfastError('STEP_FAILED', 'The deploy was given up', {
      hint: 'Nothing was changed',
      cause: error,
    });
  }
}

/** @throws HoldfastError SOURCE_INVALID */
export function finish({ content, record, notes }: Opened): Omit<Source, 'close'> {
  const { entries, read } = content;
  if (entries.length === 0) {
    throw new HoldfastError('SOURCE_INVALID', `There are no files in "${record.from}"`);
  }
  checkPaths(entries);
  checkLinks(entries);
  const tree = treeOf(entries);
  const collisions = caseCollisions(entries).map(
    ([one, other]) => `"${one}" and "${other}" differ in capitals only: on macOS and Windows they are one`,
  );
  return { record: { ...record, treeHash: tree.hash }, tree, notes: [...notes, ...collisions], read };
}

/** `a, b, c and 12 more` */
export function someOf(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return names.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

export function submoduleNotes(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [
    `Submodules are not in it, their directories are empty: ${someOf(names)}. If the app needs them, run ` +
      '`git submodule update --init` and deploy the directory as it is',
  ];
}
