/** Finds programs and scripts on disk: what a word of a command line names. */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { nearest } from './suggest.ts';

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}

/** The first executable file of this name in a PATH. */
export function findInPath(name: string, path: string | undefined): string | undefined {
  const candidates = (path ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((directory) => resolve(directory, name));
  return candidates.find((candidate) => quietly(() => isExecutable(candidate)) ?? false);
}

/** The program of this name that a package of the project brings, as npm scripts find it: from `cwd` upwards. */
export function findInNodeModules(name: string, cwd: string): string | undefined {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', '.bin', name);
    if (quietly(() => isFile(candidate))) return candidate;
    if (dirname(directory) === directory) return undefined;
  }
}

/** The script inside a directory, as Node finds it: `main` of its package.json, else `index`. */
export function scriptOf(directory: string): string | undefined {
  const main = readPackage(directory)?.main;
  const named = typeof main === 'string' && main !== '' ? withExtension(resolve(directory, main)) : undefined;
  return named ?? withExtension(join(directory, 'index'));
}

/** A script that may be named without its extension, as `node server` does; a directory stands for its index file. */
export function withExtension(path: string): string | undefined {
  if (isFile(path)) return path;
  const extensions = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'];
  const candidates = [
    ...extensions.map((end) => path + end),
    ...extensions.map((end) => join(path, `index${end}`)),
  ];
  return candidates.find(isFile);
}

/** package.json of a directory; undefined when there is none that can be read. */
export function readPackage(directory: string): Readonly<Record<string, unknown>> | undefined {
  const parsed: unknown = quietly(() => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')));
  return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
}

/** A program like this one that is in PATH, for "did you mean". */
export function nearestInPath(name: string, path: string | undefined): string | undefined {
  const directories = (path ?? '').split(delimiter).filter(Boolean);
  return nearest(
    name,
    new Set(directories.flatMap((directory) => quietly(() => readdirSync(directory)) ?? [])),
  );
}

/** A file like this one that does exist, for "did you mean". */
export function nearestFile(path: string): string | undefined {
  const names = quietly(() => readdirSync(dirname(path))) ?? [];
  return nearest(basename(path), names);
}

/** The options of node in the file's first line, when that says that node runs it; undefined when it does not. */
export function nodeShebang(path: string): readonly string[] | undefined {
  const first = firstLine(path) ?? '';
  const match = /^#!\s*(?:\S*\/env\s+(?:-S\s*)?(?:node|nodejs)|\S*\/(?:node|nodejs))(?:\s+(.*))?$/.exec(
    first.trim(),
  );
  return match ? (match[1] ?? '').split(/\s+/).filter(Boolean) : undefined;
}

/**
 * The script that a shell wrapper in node_modules/.bin starts: pnpm writes such wrappers where npm makes links.
 * The wrapper ends in `exec node  "$basedir/../next/dist/bin/next" "$@"`.
 */
export function wrappedScript(path: string): string | undefined {
  const text = quietly(() => (statSync(path).size < 10_000 ? readFileSync(path, 'utf8') : undefined));
  const match = /^\s*exec node\s+"\$basedir\/([^"$]+)" "\$@"$/m.exec(text ?? '');
  const script = match?.[1] === undefined ? undefined : resolve(dirname(path), match[1]);
  return script !== undefined && isFile(script) ? script : undefined;
}

function firstLine(path: string): string | undefined {
  return quietly(() => {
    const file = openSync(path, 'r');
    try {
      const head = Buffer.alloc(256);
      return head.toString('latin1', 0, readSync(file, head)).split('\n', 1)[0];
    } finally {
      closeSync(file);
    }
  });
}

/** What cannot be read is as good as not there; whoever needed it says so with the path. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
