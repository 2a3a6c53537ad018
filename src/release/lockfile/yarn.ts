/** yarn.lock of yarn 1: a format of its own. It does not say what is for development, so that is followed from package.json. Pure. */
import type { LockedPackage } from '../seams.ts';
import { distinct, type LockContent, type Manifest, originOf, reachable, splitSpec } from './lockfile.ts';

interface Entry {
  readonly keys: readonly string[];
  readonly values: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * @param manifests every package.json, of the workspaces too
 * @throws Error with what is wrong with it
 */
export function readYarnLock(text: string, manifests: readonly Manifest[]): LockContent {
  if (!/^# yarn lockfile v1$/m.test(text)) throw new Error('it has no "# yarn lockfile v1" in it');
  const entries = entriesOf(text);
  const byKey = new Map(entries.flatMap((entry) => entry.keys.map((key) => [key, entry] as const)));
  const specs = (wanted: Readonly<Record<string, string>> = {}) =>
    Object.entries(wanted).map(([name, range]) => `${name}@${range}`);
  const roots = manifests.flatMap(({ dependencies, optionalDependencies }) => [
    ...specs(dependencies),
    ...specs(optionalDependencies),
  ]);
  const needed = reachable(roots, (key) => specs(byKey.get(key)?.dependencies));
  return {
    version: '1',
    packages: distinct(entries.map((entry) => packageOf(entry, !entry.keys.some((key) => needed.has(key))))),
    devPaths: null,
    wants: null,
    answers: (name, range) => byKey.has(`${name}@${range}`),
  };
}

function packageOf({ keys, values }: Entry, dev: boolean): LockedPackage {
  const { name, rest } = splitSpec(keys[0] ?? '');
  const alias = /^npm:(@?[^@]+)/.exec(rest)?.[1];
  const real = alias ?? name;
  const resolved = values.resolved ?? null;
  // What is wanted of a registry belongs there, whatever the URL says: that is how a lockfile is poisoned.
  const wanted = /^[\w.-]+\/[\w.-]+(#.*)?$/.test(rest) ? 'git' : originOf(rest);
  return {
    name: real,
    version: values.version ?? '0.0.0',
    from: wanted,
    resolved,
    integrity: values.integrity ?? null,
    dev,
    hasInstallScript: null,
  };
}

/** Keys at the line's beginning, values below them by two spaces, dependencies by four. */
function entriesOf(text: string): Entry[] {
  const entries: { keys: string[]; values: Record<string, string>; dependencies: Record<string, string> }[] =
    [];
  let inDependencies = false;
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const entry = entries.at(-1);
    const words = wordsOf(line);
    const [key = '', value] = words;
    if (!line.startsWith(' ')) entries.push({ keys: keysOf(line), values: {}, dependencies: {} });
    else if (!entry) throw new Error(`its line "${line.trim()}" belongs to nothing`);
    else if (line.startsWith('    ')) {
      if (inDependencies && value !== undefined) entry.dependencies[key] = value;
    } else if (value === undefined)
      inDependencies = key === 'dependencies:' || key === 'optionalDependencies:';
    else entry.values[key] = value;
  }
  return entries;
}

function keysOf(line: string): string[] {
  return line
    .replace(/:\s*$/, '')
    .split(/,\s*(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((key) => key.trim().replace(/^"(.*)"$/, '$1'));
}

/** By spaces; a quoted word may hold some. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
