/** What a tree must be before it is written to a disk, whoever made it: an archive, a repository, another machine. */
import { HoldfastError } from '../../errors.ts';
import type { TreeEntry } from '../tree.ts';

/** As many as Linux follows, see path_resolution(7). */
const MOST_LINKS = 40;
/** NAME_MAX of Linux and macOS. */
const LONGEST_NAME = 255;

/**
 * Names stay inside, nothing is there twice, and nothing lies behind a link or a file.
 *
 * @throws HoldfastError SOURCE_INVALID
 */
export function checkPaths(entries: readonly TreeEntry[]): void {
  const paths = new Set<string>();
  for (const { path } of entries) {
    checkPath(path);
    if (paths.has(path)) throw invalid(path, 'is there twice');
    paths.add(path);
  }
  for (const path of paths) {
    const parent = parentsOf(path).find((name) => paths.has(name));
    if (parent !== undefined) throw invalid(path, `lies behind ${quote(parent)}, which is no directory`);
  }
}

/** @throws HoldfastError SOURCE_INVALID for a name that is not relative, leaves the tree, or is different things to different systems */
export function checkPath(path: string): void {
  if (path === '' || path.startsWith('/')) throw invalid(path, 'must be relative');
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw invalid(path, 'must stay inside');
  if (path.split('/').some((part) => Buffer.byteLength(part) > LONGEST_NAME))
    throw invalid(path, `must not have a name of more than ${LONGEST_NAME} bytes`);
  // Names that are not UTF-8 have this in the place of what could not be read.
  if (path.includes('\ufffd')) throw invalid(path, 'must have a name in UTF-8: rename it');
  if (/[\0\n\\]/.test(path))
    throw invalid(path, 'must not have a line break, a backslash or a NUL in its name: rename it');
}

/**
 * All links lead to something inside, also by way of other links, as the system would follow them.
 *
 * @throws HoldfastError SOURCE_INVALID
 */
export function checkLinks(entries: readonly TreeEntry[]): void {
  const links = new Map(
    entries.flatMap((entry) => (entry.kind === 'link' ? [[entry.path, entry.target]] : [])),
  );
  for (const [path, target] of links) {
    if (target === '' || target.includes('\0')) throw invalid(path, 'is a link to nothing');
    if (!staysInside(path, links)) {
      throw invalid(
        path,
        `is a link to ${quote(target)}, which leads out of it: copy there what it leads to`,
      );
    }
  }
}

/** Names that are one on systems that do not tell capitals from small letters (macOS, Windows), a pair each. */
export function caseCollisions(entries: readonly TreeEntry[]): [string, string][] {
  const seen = new Map<string, string>();
  const pairs: [string, string][] = [];
  for (const { path } of entries) {
    for (const name of [...parentsOf(path), path]) {
      const folded = name.normalize('NFC').toLowerCase();
      const other = seen.get(folded);
      if (other === undefined) seen.set(folded, name);
      else if (other !== name && !pairs.some((pair) => pair[1] === name)) pairs.push([other, name]);
    }
  }
  return pairs;
}

/** `a/b/c` -> `a`, `a/b` */
export function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) parents.push(path.slice(0, at));
  return parents;
}

function staysInside(path: string, links: ReadonlyMap<string, string>): boolean {
  const ahead = path.split('/').reverse();
  const here: string[] = [];
  let followed = 0;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (here.pop() === undefined) return false;
      continue;
    }
    here.push(part);
    const target = links.get(here.join('/'));
    if (target === undefined) continue;
    if (target.startsWith('/') || ++followed > MOST_LINKS) return false;
    here.pop();
    ahead.push(...target.split('/').reverse());
  }
  return true;
}

function invalid(path: string, why: string): HoldfastError {
  return new HoldfastError('SOURCE_INVALID', `Cannot take ${quote(path)}: it ${why}`);
}

/** A name as people can read it, whatever is in it. */
export function quote(name: string): string {
  return JSON.stringify(name);
}
