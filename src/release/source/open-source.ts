/**
 * Where a release comes from. The same content is the same tree, and so has the same hash: a commit read here, cloned from elsewhere or
 * read on another machine; a directory in which everything is committed, unless .gitattributes changes what is exported.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Source } from '../seams.ts';
import { type DirectoryRequest, openDirectory } from './directory-source.ts';
import type { OpenOptions } from './finish.ts';
import { type GitUrl, parseGitUrl } from './git/git-url.ts';
import { type GitRequest, openGit } from './git-source.ts';
import { openTarball, type TarballRequest } from './tarball-source.ts';
import { openUrl } from './url-source.ts';

export type SourceRequest =
  | GitRequest
  | DirectoryRequest
  | TarballRequest
  | { readonly kind: 'url'; readonly url: GitUrl };

/**
 * Reads a source to its end, so that what is wrong with it is known before anything is changed. To be closed.
 *
 * @throws HoldfastError SOURCE_INVALID, PROGRAM_MISSING when there is no git
 */
export function openSource(request: SourceRequest, options: OpenOptions = {}): Promise<Source> {
  switch (request.kind) {
    case 'git':
      return openGit(request, options);
    case 'directory':
      return openDirectory(request);
    case 'tarball':
      return openTarball(request, options);
    case 'url':
      return openUrl(request.url, options);
  }
}

/**
 * What a person means: a URL of a repository, a directory or an archive, if there is one, else a ref of the repository in `cwd`.
 *
 * @throws HoldfastError SOURCE_INVALID for a URL that is not safe
 */
export function sourceNamed(name: string, cwd: string): SourceRequest {
  const url = parseGitUrl(name);
  if (url) return { kind: 'url', url };
  const path = resolve(cwd, name);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return { kind: 'directory', directory: path };
  const isPath = /^\.{0,2}\/|\.(tar|tgz|tar\.gz)$/.test(name);
  if (found || isPath) return { kind: 'tarball', file: path };
  return { kind: 'git', directory: cwd, ref: name };
}
