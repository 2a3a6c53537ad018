/** The one lockfile of a directory. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import picomatch from 'picomatch';
import { HoldfastError } from '../../errors.ts';
import { readBerryLock } from './berry.ts';
import { readBunLock } from './bun.ts';
import { isRecord, type LockContent, type Lockfile, type LockfileKind, type Manifest } from './lockfile.ts';
import { readNpmLock } from './npm.ts';
import { readPnpmLock } from './pnpm.ts';
import { readYarnLock } from './yarn.ts';

/** `bun.lockb` is found, to be refused: nobody can read it. */
const NAMES = {
  'npm-shrinkwrap.json': 'npm',
  'package-lock.json': 'npm',
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
} as const satisfies Record<string, LockfileKind>;

const WRITTEN_BY: Readonly<Record<LockfileKind, string>> = {
  npm: 'npm install',
  pnpm: 'pnpm install',
  yarn: 'yarn install',
  berry: 'yarn install',
  bun: 'bun install',
};

/** The command that writes the lockfile anew. */
export function remedyOf(kind: LockfileKind): string {
  return `Run \`${WRITTEN_BY[kind]}\`, and commit what it writes`;
}

/**
 * @param wanted the manager that package.json names, for messages
 * @returns null when there is no package.json, or one that wants nothing and has no lockfile
 * @throws HoldfastError PACKAGES_REFUSED when there is none, more than one, or one that cannot be read
 */
export function findLockfile(dir: string, wanted: string | null = null): Lockfile | null {
  const manifest = readManifest(dir);
  if (!manifest) return null;
  const found = Object.keys(NAMES).filter((name) => existsSync(join(dir, name)));
  // npm itself prefers the first of the two.
  const files = found.includes('npm-shrinkwrap.json')
    ? found.filter((name) => name !== 'package-lock.json')
    : found;
  const [file, ...others] = files;
  if (file === undefined) {
    if (wantsNothing(manifest)) return null;
    const kind = wanted !== null && Object.hasOwn(WRITTEN_BY, wanted) ? (wanted as LockfileKind) : 'npm';
    throw new HoldfastError(
      'PACKAGES_REFUSED',
      'There is no lockfile, so nobody can say which packages would be installed',
      {
        hint: `${remedyOf(kind)}. Is it in .gitignore?${kind === 'npm' ? ' (`npm pack` takes only npm-shrinkwrap.json: `npm shrinkwrap` makes it)' : ''}`,
      },
    );
  }
  if (others.length > 0) {
    throw new HoldfastError(
      'PACKAGES_REFUSED',
      `There are lockfiles of several package managers: ${files.map((name) => `"${name}"`).join(', ')}`,
      { hint: 'Keep the one of the package manager that you use, and delete the others' },
    );
  }
  return readLockfile(dir, file);
}

function readLockfile(dir: string, file: string): Lockfile {
  const text = file === 'bun.lockb' ? '' : readFileSync(join(dir, file), 'utf8');
  const kind = kindOf(file, text);
  const refuse = (why: string, hint = remedyOf(kind)) =>
    new HoldfastError('PACKAGES_REFUSED', `Cannot read "${file}": ${why}`, { hint });
  if (file === 'bun.lockb') {
    throw refuse(
      'it is binary',
      'Run `bun install --save-text-lockfile --frozen-lockfile --lockfile-only`, and delete it',
    );
  }
  const conflict = text.split('\n').findIndex((line) => /^(<{7}|>{7}) /.test(line));
  if (conflict >= 0) throw refuse(`line ${conflict + 1} is a conflict of git that was not resolved`);
  try {
    const content = contentOf(kind, text, dir);
    return { kind, file, text, hash: createHash('sha256').update(text).digest('hex'), content };
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw refuse(why);
  }
}

function kindOf(file: string, text: string): LockfileKind {
  const kind = NAMES[file as keyof typeof NAMES];
  return kind === 'yarn' && /^__metadata:/m.test(text) ? 'berry' : kind;
}

function contentOf(kind: LockfileKind, text: string, dir: string): LockContent {
  if (kind === 'npm') return readNpmLock(text);
  if (kind === 'pnpm') return readPnpmLock(text);
  if (kind === 'bun') return readBunLock(text);
  const manifests = workspaceDirs(dir).flatMap((one) => readManifest(join(dir, one)) ?? []);
  return kind === 'yarn' ? readYarnLock(text, manifests) : readBerryLock(text, manifests);
}

/** The root, '', and the directories that `workspaces` of its package.json means. */
export function workspaceDirs(dir: string): string[] {
  const { workspaces } = readManifest(dir) ?? {};
  const globs = Array.isArray(workspaces)
    ? workspaces
    : isRecord(workspaces)
      ? (workspaces.packages ?? [])
      : [];
  return ['', ...directoriesOf(dir, globs as readonly string[])];
}

function directoriesOf(dir: string, globs: readonly string[]): string[] {
  const clean = globs.map((glob) => glob.replace(/^\.\//, '').replace(/\/+$/, ''));
  const wanted = clean.filter((glob) => !glob.startsWith('!'));
  if (wanted.length === 0) return [];
  const ignore = clean.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  const matches = picomatch(wanted, { ignore });
  const found: string[] = [];
  const look = (below: string) => {
    for (const entry of readdirSync(join(dir, below), { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name === 'node_modules' || entry.name.startsWith('.git')) continue;
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (matches(path) && existsSync(join(dir, path, 'package.json'))) found.push(path);
      look(path);
    }
  };
  look('');
  return found.sort();
}

/**
 * package.json of a directory; undefined when there is none.
 * @throws HoldfastError PACKAGES_REFUSED when it is not one
 */
export function readManifest(dir: string): Manifest | undefined {
  const file = join(dir, 'package.json');
  if (!existsSync(file)) return undefined;
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
    if (isRecord(manifest)) return manifest as Manifest;
  } catch (cause) {
    throw new HoldfastError('PACKAGES_REFUSED', `Cannot read "${file}": it is not JSON`, { cause });
  }
  throw new HoldfastError('PACKAGES_REFUSED', `Cannot read "${file}": it is not an object`);
}

function wantsNothing({ dependencies, devDependencies, optionalDependencies }: Manifest): boolean {
  return [dependencies, devDependencies, optionalDependencies].every(
    (part) => Object.keys(part ?? {}).length === 0,
  );
}
