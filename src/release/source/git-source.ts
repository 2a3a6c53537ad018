/** A commit of a repository on this machine. */

import { HoldfastError } from '../../errors.ts';
import type { Source } from '../seams.ts';
import { existingDirectory } from './existing.ts';
import { type OpenOptions, someOf, submoduleNotes, withScratch } from './finish.ts';
import { readCommit } from './git/archive.ts';
import {
  changedFiles,
  findRepository,
  headCommit,
  type Repository,
  resolveCommit,
} from './git/working-tree.ts';

export interface GitRequest {
  readonly kind: 'git';
  /** Of the project: the top of a repository, a directory in it (only that is taken), or a bare repository. */
  readonly directory: string;
  /** Branch, tag, commit, `HEAD~1` … */
  readonly ref: string;
  /** A directory with objects that are not in the repository yet: those of a push that is not accepted, git-receive-pack(1). */
  readonly pushed?: string;
}

export function openGit(request: GitRequest, options: OpenOptions): Promise<Source> {
  return withScratch(options, async (scratch) => {
    const { ref, pushed } = request;
    const dir = existingDirectory(request.directory);
    const repository = await findRepository(dir);
    if (!repository) {
      throw new HoldfastError('SOURCE_INVALID', `There is no git repository in "${dir}"`, {
        hint: 'Deploy the directory as it is with `--working-tree`, or run `git init` and commit',
      });
    }
    // What is pushed is named by its hash.
    const commit = pushed === undefined ? await resolveCommit(repository, ref) : ref;
    const objects: [string, ...string[]] =
      pushed === undefined ? [repository.objects] : [pushed, repository.objects];
    const { format, prefix } = repository;
    const content = await readCommit({ commit, objects, format, prefix }, scratch, options.signal);
    const { author, subject, submodules } = content;
    const notes = [...(await changeNotes(repository, commit)), ...submoduleNotes(submodules)];
    return { content, record: { kind: 'git', from: dir, ref, commit, author, subject, dirty: false }, notes };
  });
}

/** What is in the directory, but not in the commit, when that is what is checked out. */
async function changeNotes(repository: Repository, commit: string): Promise<string[]> {
  if (repository.bare || (await headCommit(repository)) !== commit) return [];
  const changed = await changedFiles(repository);
  if (changed.length === 0) return [];
  return [`Not in it, because not committed: ${someOf(changed)}`];
}
