/** The repository that receives `git push`: bare, beside the releases, with a hook that makes and promotes a release before anything is accepted. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import { shellQuote } from '../../kit/quote.ts';
import { makeReleaseDirs, type ReleasePaths } from '../paths.ts';
import { git } from '../source/git/run-git.ts';

export interface RepositoryOptions {
  /** Its pushes are deployed; null = the one that it was before, else `main`. */
  readonly branch: string | null;
  /** Words of the command that the hook runs. */
  readonly command: readonly string[];
}

/**
 * Makes it, or brings it up to date: again is no harm.
 *
 * @returns the branch whose pushes are deployed
 * @throws HoldfastError USAGE for what cannot be a branch, PROGRAM_MISSING when there is no git
 */
export async function prepareRepository(
  paths: ReleasePaths,
  { branch, command }: RepositoryOptions,
): Promise<string> {
  const { repository } = paths;
  const wanted = branch ?? deployedBranch(repository) ?? 'main';
  if (!/^[\w][\w./-]*$/.test(wanted) || /\.\.|\/\/|\/$|\.lock$|\.$/.test(wanted))
    throw new HoldfastError('USAGE', `"${wanted}" cannot be the name of a branch`);
  makeReleaseDirs(paths);
  mkdirSync(repository, { recursive: true, mode: 0o700 });
  const options = { action: 'make the repository for pushes', cwd: repository };
  if (!existsSync(join(repository, 'HEAD')))
    await git(['init', '--quiet', '--bare', '--template=', repository], options);
  await git(['symbolic-ref', 'HEAD', `refs/heads/${wanted}`], options);
  await git(['config', 'receive.advertisePushOptions', 'true'], options);
  mkdirSync(join(repository, 'hooks'), { recursive: true, mode: 0o700 });
  writeAtomicSync(join(repository, 'hooks', 'pre-receive'), hookScript(command), { mode: 0o700 });
  return wanted;
}

/** Null when there is no such repository. */
export function deployedBranch(repository: string): string | null {
  try {
    return /^ref: refs\/heads\/(.+)$/m.exec(readFileSync(join(repository, 'HEAD'), 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}

/**
 * Git tells a hook where the repository is, and where the objects are that are not accepted yet, by the environment; the programs that a
 * deploy runs must not take that for theirs.
 */
export function hookScript(command: readonly string[]): string {
  return `#!/bin/sh
# Written by Holdfast: what is pushed to the branch of HEAD becomes a release, and is refused when that fails.
pushed=$GIT_QUARANTINE_PATH
unset GIT_DIR GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
exec ${command.map(shellQuote).join(' ')} --push "$pushed"
`;
}
