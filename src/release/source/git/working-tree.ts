/** What a repository says of itself, and of the files that lie in it. Nothing in it is changed. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HoldfastError } from '../../../errors.ts';
import { checkRef } from './git-url.ts';
import { git } from './run-git.ts';

export interface Repository {
  /** The directory that was asked for, which need not be its top. */
  readonly dir: string;
  readonly prefix: string;
  readonly bare: boolean;
  /** See CommitPlace. */
  readonly objects: string;
  readonly format: string;
}

/** Null when the directory is in no repository. */
export async function findRepository(dir: string): Promise<Repository | null> {
  const asked = ['--is-bare-repository', '--show-object-format', '--git-path', 'objects', '--show-prefix'];
  try {
    const text = await git(['rev-parse', ...asked], { action: `read the repository "${dir}"`, cwd: dir });
    const [bare, format = 'sha1', objects = '', prefix = ''] = text.split('\n');
    return { dir, prefix, bare: bare === 'true', objects: resolve(dir, objects), format };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    if (error.code === 'PROGRAM_MISSING' && !isInRepository(dir)) return null;
    if (/not a git repository/.test(error.message)) return null;
    throw error;
  }
}

function isInRepository(dir: string): boolean {
  return existsSync(join(dir, '.git')) || (dirname(dir) !== dir && isInRepository(dirname(dir)));
}

/** @throws HoldfastError SOURCE_INVALID when there is no such commit */
export async function resolveCommit({ dir }: Repository, ref: string): Promise<string> {
  checkRef(ref);
  try {
    const words = ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`];
    return (await git(words, { action: `find "${ref}"`, cwd: dir })).trim();
  } catch (error) {
    throw new HoldfastError('SOURCE_INVALID', `There is no branch, tag or commit "${ref}" in "${dir}"`, {
      hint: '`git branch -a` and `git tag` show what there is; `git fetch` brings what is new',
      cause: error,
    });
  }
}

/** Files that differ from the last commit, or are in none; those that .gitignore names are not among them. */
export async function changedFiles({ dir, prefix }: Repository): Promise<string[]> {
  const words = [
    'status',
    '--porcelain',
    '-z',
    '--no-renames',
    '--untracked-files=all',
    '--ignore-submodules=all',
    '--',
    '.',
  ];
  const text = await git(words, { action: `see what has changed in "${dir}"`, cwd: dir });
  return list(text).map((line) => line.slice(3 + prefix.length));
}

export async function trackedFiles({ dir }: Repository): Promise<string[]> {
  return list(await git(['ls-files', '-z', '--cached'], { action: `list "${dir}"`, cwd: dir }));
}

/** Neither committed nor named by .gitignore. A repository in it is a name with `/` behind it. */
export async function untrackedFiles({ dir }: Repository): Promise<string[]> {
  const words = ['ls-files', '-z', '--others', '--exclude-standard'];
  return list(await git(words, { action: `list "${dir}"`, cwd: dir }));
}

/** Named by .gitignore; directories as a whole, with `/` behind them. */
export async function ignoredFiles({ dir }: Repository): Promise<string[]> {
  const words = ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory'];
  return list(await git(words, { action: `list "${dir}"`, cwd: dir }));
}

function list(text: string): string[] {
  return [...new Set(text.split('\0'))].filter((name) => name !== '');
}

/** Of a working tree, when there is one. */
export async function headCommit(repository: Repository): Promise<string | null> {
  return resolveCommit(repository, 'HEAD').catch(() => null);
}

/** As git-cat-file(1) has it. */
export function commitText({ dir }: Repository, commit: string): Promise<string> {
  return git(['cat-file', 'commit', commit], { action: `read the commit "${commit}"`, cwd: dir });
}
