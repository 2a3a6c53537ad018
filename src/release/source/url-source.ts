/** A repository somewhere else: what is wanted of it is fetched, and nothing more. */
import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { Source } from '../seams.ts';
import { type OpenOptions, submoduleNotes, withScratch } from './finish.ts';
import { readCommit } from './git/archive.ts';
import { type GitUrl, loginEnv } from './git/git-url.ts';
import { type GitOptions, git } from './git/run-git.ts';
import { findRepository } from './git/working-tree.ts';

const COMMIT = /^[0-9a-f]{7,64}$/;

export function openUrl(from: GitUrl, opening: OpenOptions): Promise<Source> {
  const { url, ref } = from;
  return withScratch(opening, async (scratch) => {
    const repository = join(scratch, 'fetched.git');
    const action = `fetch ${ref === null ? '' : `"${ref}" of `}"${url}"`;
    const { login } = from;
    const secret = login ? [login.password, login.user, encodeURIComponent(login.password)] : [];
    const options = {
      action,
      cwd: scratch,
      secret,
      signal: opening.signal,
      env: { ...loginEnv(from), GIT_DIR: repository },
    };
    await git(['init', '--quiet', '--bare', '--template=', repository], { action, cwd: scratch });
    const commit = await fetchCommit(url, ref, options);
    const found = await findRepository(repository);
    if (!found) throw new HoldfastError('SOURCE_INVALID', `Cannot ${action}: nothing came`);
    const place = { commit, objects: [found.objects] as const, format: found.format, prefix: '' };
    const content = await readCommit(place, scratch, opening.signal);
    const { author, subject, submodules } = content;
    const record = { kind: 'git', from: url, ref, commit, author, subject, dirty: false } as const;
    return { content, record, notes: submoduleNotes(submodules) };
  });
}

/** Without history; only where a server does not give a commit by its hash, everything is fetched and searched. */
async function fetchCommit(url: string, ref: string | null, options: GitOptions): Promise<string> {
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules'];
  const commitOf = async (name: string) =>
    (await git(['rev-parse', '--verify', '--quiet', `${name}^{commit}`], options)).trim();
  try {
    await git([...fetch, '--depth=1', '--', url, ref ?? 'HEAD'], options);
    return await commitOf('FETCH_HEAD');
  } catch (error) {
    if (ref === null || !COMMIT.test(ref)) throw error;
    await git([...fetch, '--', url, '+refs/*:refs/all/*'], options);
    return commitOf(ref).catch(() => Promise.reject(error));
  }
}
