/**
 * Which files of a directory are a release. With git: all that is committed there, and what is neither committed nor named by
 * .gitignore. Never, unless committed: node_modules, .git, and .env files, which belong to one machine (`release.shared`).
 */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Repository } from './git/working-tree.ts';
import { findRepository, ignoredFiles, trackedFiles, untrackedFiles } from './git/working-tree.ts';

export interface DirectoryFiles {
  /** Relative; some may be gone by now. */
  readonly paths: readonly string[];
  /** Left out because of their names. */
  readonly env: readonly string[];
  readonly ignored: readonly string[];
}

const NEVER = new Set(['node_modules', '.git']);
/** Not those that are there to be read, such as `.env.example`. */
const ENV = /^\.env(\.(?!(example|sample|template|dist|defaults)$).*)?$/;

export async function directoryFiles(dir: string, repository: Repository | null): Promise<DirectoryFiles> {
  if (!repository) return sortOut([], walk(dir, ''), []);
  const tracked = await trackedFiles(repository);
  const untracked = await untrackedFiles(repository);
  const ignored = (await ignoredFiles(repository)).filter(
    (name) => !name.split('/').some((part) => NEVER.has(part)),
  );
  // All of it is ignored, such as `dist`: then it is what is wanted.
  if (ignored.includes('./')) return sortOut([], walk(dir, ''), []);
  const plain: string[] = [];
  const nested: DirectoryFiles[] = [];
  // Submodules, and repositories in this one.
  for (const name of [...tracked, ...untracked]) {
    if (!name.endsWith('/') && !isDirectory(join(dir, name))) plain.push(name);
    else nested.push(await nestedFiles(dir, name.replace(/\/$/, '')));
  }
  const known = new Set(tracked);
  const own = sortOut(
    plain.filter((name) => known.has(name)),
    plain.filter((name) => !known.has(name)),
    ignored,
  );
  const all = [own, ...nested];
  return {
    paths: all.flatMap(({ paths }) => paths),
    env: all.flatMap(({ env }) => env),
    ignored: all.flatMap(({ ignored: names }) => names),
  };
}

async function nestedFiles(dir: string, name: string): Promise<DirectoryFiles> {
  const inside = join(dir, name);
  const repository = await findRepository(inside);
  // A submodule that is not there is an empty directory of the repository around it.
  const found = await directoryFiles(inside, repository?.prefix === '' ? repository : null);
  const below = (names: readonly string[]) => names.map((path) => `${name}/${path}`);
  return { paths: below(found.paths), env: below(found.env), ignored: below(found.ignored) };
}

function sortOut(
  tracked: readonly string[],
  untracked: readonly string[],
  ignored: readonly string[],
): DirectoryFiles {
  const wanted = untracked.filter((path) => !path.split('/').some((part) => NEVER.has(part)));
  const isEnv = (path: string) => ENV.test(path.slice(path.lastIndexOf('/') + 1));
  return {
    paths: [...tracked, ...wanted.filter((path) => !isEnv(path))],
    env: [...wanted, ...ignored].filter(isEnv),
    ignored: ignored.filter((path) => !isEnv(path)),
  };
}

function walk(dir: string, at: string): string[] {
  return readdirSync(join(dir, at), { withFileTypes: true }).flatMap((entry) => {
    const path = at === '' ? entry.name : `${at}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return NEVER.has(entry.name) ? [] : walk(dir, path);
  });
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
