/** bun.lock, the text that bun writes since 1.2: JSON with commas at the end. Pure. */
import json5 from 'json5';
import type { LockedPackage } from '../seams.ts';
import {
  distinct,
  isRecord,
  type LockContent,
  originOf,
  reachable,
  splitSpec,
  textOf,
  textsOf,
  wantedBy,
} from './lockfile.ts';
import { machinesOf } from './machines.ts';

/** @throws Error with what is wrong with it */
export function readBunLock(text: string): LockContent {
  const lock: unknown = json5.parse(text);
  if (!isRecord(lock) || !isRecord(lock.workspaces)) throw new Error('it has no "workspaces"');
  const workspaces = Object.entries(lock.workspaces).filter(
    (entry): entry is [string, Record<string, unknown>] => isRecord(entry[1]),
  );
  const entries = isRecord(lock.packages) ? lock.packages : {};
  const roots = workspaces.flatMap(([, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...textsOf(dependencies), ...textsOf(optionalDependencies) }),
  );
  const needed = reachable(roots, (key) => dependenciesOf(key, entries));
  const packages = Object.entries(entries).flatMap(([key, entry]) =>
    Array.isArray(entry) ? [packageOf(key, entry, !needed.has(key))] : [],
  );
  return {
    version: String(lock.lockfileVersion),
    packages: distinct(packages),
    devPaths: null,
    wants: Object.fromEntries(
      workspaces.map(([dir, one]) => [
        dir,
        wantedBy({
          dependencies: textsOf(one.dependencies),
          devDependencies: textsOf(one.devDependencies),
          optionalDependencies: textsOf(one.optionalDependencies),
        }),
      ]),
    ),
    answers: null,
  };
}

/** `a/b` is the `b` that only `a` sees; else it is the one of the root. */
function dependenciesOf(key: string, entries: Record<string, unknown>): string[] {
  const entry = entries[key];
  const facts = Array.isArray(entry) ? entry.find(isRecord) : undefined;
  const names = Object.keys({ ...textsOf(facts?.dependencies), ...textsOf(facts?.optionalDependencies) });
  return names.map((name) => {
    for (let above = key; above !== ''; above = above.slice(0, Math.max(0, above.lastIndexOf('/')))) {
      if (Object.hasOwn(entries, `${above}/${name}`)) return `${above}/${name}`;
    }
    return name;
  });
}

function packageOf(key: string, entry: readonly unknown[], dev: boolean): LockedPackage {
  const { name, rest } = splitSpec(textOf(entry[0]) ?? key);
  const last = textOf(entry.at(-1));
  const origin = originOf(rest);
  return {
    name,
    version: origin === 'registry' ? rest : (/\d+\.\d+\.\d+[^/]*$/.exec(rest)?.[0] ?? rest),
    from: origin,
    resolved: origin === 'registry' ? textOf(entry[1]) || null : rest,
    integrity: last !== null && /^sha\d+-/.test(last) ? last : null,
    dev,
    hasInstallScript: null,
    ...machinesOf(entry.find(isRecord) ?? {}),
  };
}
