/**
 * A commit as a tree, the same on every machine. `git archive` runs in an empty repository of our own that only borrows the objects: so
 * nobody's configuration, attributes, filters or refs have a say in it, and only what is committed counts.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Spooled } from '../spool.ts';
import { spool } from '../spool.ts';
import { readTar, type TarEntry } from '../tar/reader.ts';
import { git, gitStream, onlyOurs } from './run-git.ts';

export interface CommitPlace {
  /** Hash of the commit. */
  readonly commit: string;
  /** Directories with objects, absolute; the first one has those that are not in the others. */
  readonly objects: readonly [string, ...string[]];
  /** `sha1` or `sha256`. */
  readonly format: string;
  /** Directory in the repository, `packages/api/`; empty = all of it. */
  readonly prefix: string;
}

export interface CommitContent extends Spooled {
  readonly author: string | null;
  readonly subject: string | null;
  /** Their directories are empty here. */
  readonly submodules: readonly string[];
}

/** Independent of how many objects there are, which is what git would go by. */
const reproducible = ['-c', 'core.abbrev=12', '-c', 'core.autocrlf=false', '-c', 'core.eol=lf'];

/** @param scratch an empty directory, for as long as the contents are wanted */
export async function readCommit(
  place: CommitPlace,
  scratch: string,
  signal?: AbortSignal,
): Promise<CommitContent> {
  const { commit, objects, format, prefix } = place;
  const repository = join(scratch, 'archive.git');
  const contents = join(scratch, 'contents');
  mkdirSync(contents);
  const action = `read the commit ${commit.slice(0, 12)}`;
  const init = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, repository];
  await git(init, { action, cwd: scratch, env: onlyOurs });
  const [first, ...more] = objects;
  const env = {
    ...onlyOurs,
    GIT_DIR: repository,
    GIT_OBJECT_DIRECTORY: first,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: more.map(quoted).join(':'),
  };
  const options = { action, cwd: scratch, env, signal };
  const about = parseCommit(await git(['cat-file', 'commit', commit], options));
  const inIt = prefix === '' ? [] : [prefix];
  const listed = await git(['ls-tree', '-r', '-z', '--full-tree', commit, '--', ...inIt], options);
  const archive = gitStream([...reproducible, 'archive', '--format=tar', commit, '--', ...inIt], options);
  const spooled = await spool(below(readTar(archive), prefix), contents, signal);
  return { ...spooled, ...about, submodules: submodules(listed, prefix) };
}

/** What is shown of a commit: git-cat-file(1) gives headers, an empty line, and the message. */
export function parseCommit(text: string): { author: string | null; subject: string | null } {
  const end = text.indexOf('\n\n');
  const author = /^author (.*) \d+ [-+]\d+$/m.exec(text.slice(0, end))?.[1] ?? null;
  const subject = text.slice(end).trim().split('\n')[0];
  return { author, subject: subject || null };
}

async function* below(entries: AsyncIterable<TarEntry>, prefix: string): AsyncGenerator<TarEntry> {
  for await (const entry of entries) {
    if (prefix === '') yield entry;
    else if (entry.path.startsWith(prefix)) yield { ...entry, path: entry.path.slice(prefix.length) };
  }
}

/** Lines of git-ls-tree(1): `160000 commit <hash>\t<path>`. */
function submodules(listed: string, prefix: string): string[] {
  return listed
    .split('\0')
    .filter((line) => line.startsWith('160000 '))
    .map((line) => line.slice(line.indexOf('\t') + 1 + prefix.length));
}

/** As git wants a path in a list of paths. */
function quoted(path: string): string {
  return /[":]/.test(path) ? `"${path.replace(/["\\]/g, '\\$&')}"` : path;
}
