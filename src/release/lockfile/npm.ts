/** package-lock.json and npm-shrinkwrap.json, versions 2 and 3: docs.npmjs.com/cli/configuring-npm/package-lock-json. Pure. */
import type { LockedPackage } from '../seams.ts';
import { checkPath, quote } from '../store/tree-rules.ts';
import {
  distinct,
  isRecord,
  isRegistryTarball,
  type LockContent,
  originOf,
  textOf,
  textsOf,
  wantedBy,
} from './lockfile.ts';
import { machinesOf } from './machines.ts';

/** @throws Error with what is wrong with it */
export function readNpmLock(text: string): LockContent {
  const lock: unknown = JSON.parse(text);
  if (!isRecord(lock) || !isRecord(lock.packages)) {
    throw new Error('it is of npm 6 or older: run `npm install` with npm 7 or newer to write it anew');
  }
  const entries = Object.entries(lock.packages).filter((entry): entry is [string, Record<string, unknown>] =>
    isRecord(entry[1]),
  );
  for (const [path] of entries) requireInside(path);
  const elsewhere = askedElsewhere(entries.map(([, entry]) => entry));
  const packages = entries.flatMap(([path, entry]) => {
    const one = packageOf(path, entry, elsewhere);
    return one ? [one] : [];
  });
  const manifests = entries.filter(([path]) => !path.includes('node_modules'));
  return {
    version: String(lock.lockfileVersion),
    packages: distinct(packages),
    devPaths: entries.filter(([path, { dev }]) => dev === true && isInstalled(path)).map(([path]) => path),
    wants: Object.fromEntries(
      manifests.map(([path, entry]) => [
        path,
        wantedBy({
          dependencies: textsOf(entry.dependencies),
          devDependencies: textsOf(entry.devDependencies),
          optionalDependencies: textsOf(entry.optionalDependencies),
        }),
      ]),
    ),
    answers: null,
  };
}

/** What is listed is read, and removed when only the build needs it: npm itself takes any path. */
function requireInside(path: string): void {
  try {
    if (path !== '') checkPath(path);
  } catch (cause) {
    const what = `it lists ${quote(path)}, which is no path inside the project`;
    throw new Error(`${what}: move what is there into the project, and write the lockfile anew`, { cause });
  }
}

/** Names that somebody wants from a repository or an URL, not from a registry. */
function askedElsewhere(entries: readonly Record<string, unknown>[]): ReadonlySet<string> {
  const wanted = entries.flatMap((entry) =>
    ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].flatMap((part) =>
      Object.entries(textsOf(entry[part])),
    ),
  );
  return new Set(wanted.filter(([, range]) => isElsewhere(range)).map(([name]) => name));
}

/** `user/repo` is GitHub. */
function isElsewhere(range: string): boolean {
  return originOf(range) !== 'registry' || /^[\w.-]+\/[\w.-]+(#.*)?$/.test(range);
}

function packageOf(
  path: string,
  entry: Record<string, unknown>,
  elsewhere: ReadonlySet<string>,
): LockedPackage | null {
  if (path === '' || entry.inBundle === true) return null;
  const resolved = textOf(entry.resolved);
  const place = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const name = textOf(entry.name) ?? place;
  if (entry.link === true || !isInstalled(path)) {
    // A package of a workspace is there twice: as itself, and as the link to it.
    if (entry.link === true) return null;
    return {
      name: textOf(entry.name) ?? path,
      version: textOf(entry.version) ?? '0.0.0',
      from: 'workspace',
      resolved: path,
      integrity: null,
      dev: entry.dev === true,
      hasInstallScript: entry.hasInstallScript === true,
    };
  }
  return {
    name,
    version: textOf(entry.version) ?? '0.0.0',
    from: resolved === null ? 'registry' : fromOf(resolved, name, elsewhere.has(place)),
    resolved,
    integrity: textOf(entry.integrity),
    dev: entry.dev === true,
    hasInstallScript: entry.hasInstallScript === true,
    ...machinesOf(entry),
  };
}

function isInstalled(path: string): boolean {
  return path.split('/').includes('node_modules');
}

/**
 * npm writes packages of a registry as URLs, too. What nobody wants from elsewhere belongs to the registry, whatever the URL says: that
 * is how a lockfile is poisoned.
 */
function fromOf(resolved: string, name: string, elsewhere: boolean): LockedPackage['from'] {
  const origin = originOf(resolved);
  if (origin === 'url' && isRegistryTarball(resolved, name) && !elsewhere) return 'registry';
  return elsewhere || origin === 'file' ? origin : 'registry';
}
