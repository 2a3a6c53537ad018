/**
 * Where a release comes from. The same content is the same tree, and so has the same hash: a commit read here, cloned from elsewhere or
 * read on another machine; a directory in which everything is committed, unless .gitattributes changes what is exported.
 */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Source } from '../seams.ts';
import { type DirectoryRequest, openDirectory } from './directory-source.ts';
import { type GitUrl, parseGitUrl } from './git/git-url.ts';
import { type GitRequest, openGit } from './git-source.ts';
import { openTarball, type TarballRequest } from './tarball-source.ts';
import { openUrl } from './url-source.ts';

export type SourceRequest =
  | GitRequest
  | DirectoryRequest
  | TarballRequest
  | { readonly kind: 'url'; readonly url: GitUrl };

export interface OpenOptions {
  /** Where contents wait until they are read; as much room as the source needs. The directory of temporary files unless told. */
  readonly scratch?: string;
}

/**
 * Reads a source to its end, so that what is wrong with it is known before anything is changed. To be closed.
 *
 * @throws HoldfastError SOURCE_INVALID, PROGRAM_MISSING when there is no git
 */
export function openSource(request: SourceRequest, { scratch }: OpenOptions = {}): Promise<Source> {
  switch (request.kind) {
    case 'git':
      return openGit(request, scratch);
    case 'directory':
      return openDirectory(request);
    case 'tarball':
      return openTarball(request, scratch);
    case 'url':
      return openUrl(request.url, scratch);
  }
}

/**
 * What a person means: a URL of a repository, a directory or an archive that is there, else a ref of the repository in `cwd`.
 *
 * @throws HoldfastError SOURCE_INVALID for a URL that is not safe
 */
export function sourceNamed(name: string, cwd: string): SourceRequest {
  const url = parseGitUrl(name);
  if (url) return { kind: 'url', url };
  const path = resolve(cwd, name);
  const isPath = /^\.{0,2}\/|^\.{1,2}$/.test(name);
  if (/\.(tar|tgz|tar\.gz)$/.test(name) && (isPath || existsSync(path)))
    return { kind: 'tarball', file: path };
  if (isPath) {
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
    return isFile ? { kind: 'tarball', file: path } : { kind: 'directory', directory: path };
  }
  return { kind: 'git', directory: cwd, ref: name };
}
