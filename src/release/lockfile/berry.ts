/** yarn.lock of yarn 2 and newer, which is YAML. It does not say what is for development, so that is followed from package.json. Pure. */
import { parse } from 'yaml';
import type { LockedPackage } from '../seams.ts';
import {
  distinct,
  isRecord,
  type LockContent,
  type Manifest,
  reachable,
  splitSpec,
  textOf,
  textsOf,
} from './lockfile.ts';
import { machinesOfConditions } from './machines.ts';

interface Entry {
  readonly keys: readonly string[];
  readonly name: string;
  readonly version: string;
  /** Behind the name: `npm:1.0.0`, `workspace:packages/a`. */
  readonly locator: string;
  readonly checksum: string | null;
  readonly conditions: string | null;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * @param manifests every package.json, of the workspaces too
 * @throws Error with what is wrong with it
 */
export function readBerryLock(text: string, manifests: readonly Manifest[]): LockContent {
  const lock: unknown = parse(text);
  if (!isRecord(lock) || !isRecord(lock.__metadata)) throw new Error('it has no "__metadata"');
  const entries = Object.entries(lock).flatMap(([key, entry]) =>
    key !== '__metadata' && isRecord(entry) ? [entryOf(key, entry)] : [],
  );
  const byKey = new Map(entries.flatMap((entry) => entry.keys.map((key) => [key, entry] as const)));
  const find = (name: string, range: string) =>
    byKey.get(`${name}@npm:${range}`) ?? byKey.get(`${name}@${range}`) ?? inWorkspace(name);
  const inWorkspace = (name: string) =>
    entries.find((entry) => entry.name === name && entry.locator.startsWith('workspace:'));
  const keysOf = (wanted: Readonly<Record<string, string>> = {}) =>
    Object.entries(wanted).flatMap(([name, range]) => find(name, range)?.keys.slice(0, 1) ?? []);
  const roots = manifests.flatMap(({ dependencies, optionalDependencies }) => [
    ...keysOf(dependencies),
    ...keysOf(optionalDependencies),
  ]);
  const needed = reachable(roots, (key) => {
    const entry = byKey.get(key);
    // What a workspace wants for development is in its entry as well, so only its package.json counts.
    return entry && !entry.locator.startsWith('workspace:') ? keysOf(entry.dependencies) : [];
  });
  return {
    version: String(lock.__metadata.version),
    packages: distinct(entries.map((entry) => packageOf(entry, !entry.keys.some((key) => needed.has(key))))),
    devPaths: null,
    wants: null,
    answers: (name, range) => find(name, range) !== undefined,
  };
}

function entryOf(key: string, entry: Record<string, unknown>): Entry {
  const { name, rest } = splitSpec(textOf(entry.resolution) ?? key);
  return {
    keys: key.split(/,\s*/),
    name,
    version: textOf(entry.version) ?? '0.0.0',
    locator: rest,
    checksum: textOf(entry.checksum),
    conditions: textOf(entry.conditions),
    dependencies: textsOf(entry.dependencies),
  };
}

function packageOf({ name, version, locator, checksum, conditions }: Entry, dev: boolean): LockedPackage {
  const from = fromOf(locator);
  return {
    name,
    version,
    from,
    resolved: from === 'registry' ? null : locator,
    // Of yarn's own archive of the package, not of the registry's.
    integrity: checksum === null ? null : `yarn-${checksum.replace('/', '-')}`,
    dev: from === 'workspace' ? false : dev,
    hasInstallScript: null,
    ...machinesOfConditions(conditions),
  };
}

function fromOf(locator: string): LockedPackage['from'] {
  if (locator.startsWith('workspace:')) return 'workspace';
  if (/^(file|link|portal|exec):|^patch:.*@workspace/.test(locator)) return 'file';
  if (/^patch:|^npm:|^virtual:/.test(locator)) return 'registry';
  if (/\.git(#|$)|#commit=|^git[+@:]|^ssh:/.test(locator)) return 'git';
  return /^https?:/.test(locator) ? 'url' : 'registry';
}
