/** The files of nginx and Apache on this machine. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import picomatch from 'picomatch';
import { apacheLanguage } from './apache-files.ts';
import { type FrontFiles, readFront } from './front-files.ts';
import type { FrontTree } from './front-tree.ts';
import { readImported, textOf } from './imported.ts';
import { nginxLanguage } from './nginx-files.ts';

export type FrontKind = 'nginx' | 'apache';

const languages = { nginx: nginxLanguage, apache: apacheLanguage };

/**
 * The tree of a file with all that it includes; `file` is how messages name it.
 * @throws HoldfastError CONFIG_NOT_FOUND or CONFIG_UNREADABLE
 */
export function readFrontFile(kind: FrontKind, file: string, cwd: string): FrontTree {
  const path = resolve(cwd, file);
  return readFront(path, readImported(path, file), languages[kind], onDisk);
}

/** Which of the two a text is for. Of Apache are sections in angle brackets, of nginx blocks in braces. */
export function frontKindOf(text: string): FrontKind {
  const apache = text.match(
    /^[ \t]*(?:<\/?[A-Za-z]|ProxyPass|RewriteRule|LoadModule|ServerName|RequestHeader|Include)/gim,
  );
  const nginx = text.match(/[;{}][ \t]*(?:#.*)?$/gm);
  return (apache?.length ?? 0) > (nginx?.length ?? 0) ? 'apache' : 'nginx';
}

export const onDisk: FrontFiles = {
  read(path) {
    try {
      return textOf(path);
    } catch {
      return undefined;
    }
  },
  find(pattern) {
    const below = find(pattern.split('/').slice(1), '/');
    return below.flatMap((path) => (isDirectory(path) ? filesBelow(path) : [path]));
  },
};

function find([first, ...rest]: readonly string[], dir: string): string[] {
  if (first === undefined) return [dir];
  if (first === '') return find(rest, dir);
  const isPattern = /[*?[]/.test(first);
  const matches = isPattern ? picomatch(first, { nobrace: true, noextglob: true }) : undefined;
  const names = matches ? entries(dir).filter((name) => matches(name)) : [first];
  return names.flatMap((name) => {
    const path = join(dir, name);
    if (rest.length > 0) return find(rest, path);
    return statSync(path, { throwIfNoEntry: false }) ? [path] : [];
  });
}

function filesBelow(dir: string): string[] {
  return entries(dir)
    .map((name) => join(dir, name))
    .filter((path) => !isDirectory(path));
}

function entries(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The main file that includes this one, if it lies where such files usually are. */
export function mainFileOf(kind: FrontKind, path: string): string | undefined {
  const name = kind === 'nginx' ? 'nginx.conf' : 'apache2.conf';
  for (let dir = dirname(path); ; dir = dirname(dir)) {
    const main = join(dir, name);
    if (main !== path && statSync(main, { throwIfNoEntry: false })?.isFile()) return main;
    if (dir === dirname(dir)) return undefined;
  }
}
