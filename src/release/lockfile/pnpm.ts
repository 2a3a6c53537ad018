/** pnpm-lock.yaml, formats 6 (pnpm 8) and 9 (pnpm 9 to 12): github.com/pnpm/spec. Pure. */
import { parseAllDocuments } from 'yaml';
import type { LockedPackage } from '../seams.ts';
import { distinct, isRecord, type LockContent, reachable, splitSpec, textOf, textsOf } from './lockfile.ts';
import { machinesOf } from './machines.ts';

const PRODUCTION = ['dependencies', 'optionalDependencies'] as const;
const ALL = [...PRODUCTION, 'devDependencies'] as const;

/** @throws Error with what is wrong with it */
export function readPnpmLock(text: string): LockContent {
  // pnpm 11 puts what it installs itself with into a document before.
  const documents = parseAllDocuments(text);
  const lock: unknown = [...documents].at(-1)?.toJS();
  if (!isRecord(lock)) throw new Error('it is empty');
  const version = String(lock.lockfileVersion);
  const major = Number.parseInt(version, 10);
  if (major !== 6 && major !== 9) {
    throw new Error(`its format is ${version}: run \`pnpm install\` with pnpm 8 or newer to write it anew`);
  }
  const importers = isRecord(lock.importers) ? lock.importers : { '.': lock };
  const entries = isRecord(lock.packages) ? lock.packages : {};
  const snapshots = isRecord(lock.snapshots) ? lock.snapshots : entries;
  const needed = reachable(rootsOf(importers), (key) => {
    const snapshot = snapshots[key];
    return isRecord(snapshot) ? PRODUCTION.flatMap((part) => keysOf(snapshot[part], major)) : [];
  });
  const neededKeys = new Set([...needed].map(withoutPeers));
  const packages = Object.entries(entries).flatMap(([key, entry]) =>
    isRecord(entry) ? [packageOf(key, entry, !neededKeys.has(withoutPeers(key)))] : [],
  );
  return {
    version,
    packages: distinct(packages),
    devPaths: null,
    wants: Object.fromEntries(
      Object.entries(importers).map(([dir, importer]) => [dir === '.' ? '' : dir, specifiersOf(importer)]),
    ),
    answers: null,
  };

  function rootsOf(all: Record<string, unknown>): string[] {
    return Object.values(all).flatMap((importer) =>
      isRecord(importer) ? PRODUCTION.flatMap((part) => keysOf(importer[part], major)) : [],
    );
  }
}

/** `{ a: '1.0.0' }` or `{ a: { specifier, version } }` to the keys under which the packages are. */
function keysOf(dependencies: unknown, major: number): string[] {
  if (!isRecord(dependencies)) return [];
  return Object.entries(dependencies).flatMap(([name, value]) => {
    const version = isRecord(value) ? textOf(value.version) : textOf(value);
    if (version === null || version.startsWith('link:')) return [];
    // An alias, a URL and a git repository stand for themselves.
    const own = /^\d/.test(version);
    if (major === 6) return [own ? `/${name}@${version}` : version];
    return own ? [`${name}@${version}`] : [version, `${name}@${version}`];
  });
}

function withoutPeers(key: string): string {
  const at = key.indexOf('(');
  return at < 0 ? key : key.slice(0, at);
}

function specifiersOf(importer: unknown): Record<string, string> {
  if (!isRecord(importer)) return {};
  const old = textsOf(importer.specifiers);
  const all = ALL.flatMap((part) => {
    const dependencies = importer[part];
    if (!isRecord(dependencies)) return [];
    return Object.entries(dependencies).flatMap(([name, value]) => {
      const specifier = isRecord(value) ? textOf(value.specifier) : null;
      return specifier === null ? [] : [[name, specifier] as const];
    });
  });
  return { ...old, ...Object.fromEntries(all) };
}

function packageOf(key: string, entry: Record<string, unknown>, dev: boolean): LockedPackage {
  const spec = splitSpec(withoutPeers(key).replace(/^\//, ''));
  const resolution = isRecord(entry.resolution) ? entry.resolution : {};
  const repository = textOf(resolution.repo);
  const tarball = textOf(resolution.tarball);
  const directory = textOf(resolution.directory);
  const common = {
    name: textOf(entry.name) ?? spec.name,
    version: textOf(entry.version) ?? spec.rest,
    integrity: textOf(resolution.integrity),
    dev: typeof entry.dev === 'boolean' ? entry.dev && dev : dev,
    hasInstallScript: typeof entry.requiresBuild === 'boolean' ? entry.requiresBuild : null,
    ...machinesOf(entry),
  };
  if (repository !== null) {
    return { ...common, from: 'git', resolved: `${repository}#${textOf(resolution.commit) ?? ''}` };
  }
  if (directory !== null) return { ...common, from: 'file', resolved: `file:${directory}` };
  if (tarball === null) return { ...common, from: 'registry', resolved: null };
  const registry = /^\d/.test(spec.rest) && entry.version === undefined;
  if (tarball.startsWith('file:')) return { ...common, from: 'file', resolved: tarball };
  const git = /^https:\/\/codeload\.github\.com\/|^https:\/\/gitlab\.com\/.*\/archive/.test(tarball);
  return { ...common, from: registry ? 'registry' : git ? 'git' : 'url', resolved: tarball };
}
