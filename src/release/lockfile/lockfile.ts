/** A lockfile in the terms of all managers. Reading is pure; finding.ts looks at the disk. */
import type { LockedPackage } from '../seams.ts';

/** `yarn` is version 1; `berry` is all that came after it. */
export type LockfileKind = 'npm' | 'pnpm' | 'yarn' | 'berry' | 'bun';

export interface Lockfile {
  readonly kind: LockfileKind;
  /** Its name, such as `package-lock.json`. */
  readonly file: string;
  readonly text: string;
  /** SHA-256 of the text, hexadecimal. */
  readonly hash: string;
  readonly content: LockContent;
}

export interface LockContent {
  /** Of its format: `3`, `9.0`; null = it does not say. */
  readonly version: string | null;
  /** Sorted by name and version; each once. */
  readonly packages: readonly LockedPackage[];
  /** Where packages for development only lie: `node_modules/vitest`; null = the format does not say. */
  readonly devPaths: readonly string[] | null;
  /** What it wants of which name, by the directory of each package.json (the root is ''); null = it does not say. */
  readonly wants: Readonly<Record<string, Readonly<Record<string, string>>>> | null;
  /** For formats that say it by keys only: is `name@range` in it? */
  readonly answers: ((name: string, range: string) => boolean) | null;
}

/** What is read of a package.json. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly packageManager?: string;
  readonly devEngines?: {
    readonly runtime?: Engine | readonly Engine[];
    readonly packageManager?: Engine | readonly Engine[];
  };
  readonly resolutions?: Readonly<Record<string, string>>;
  readonly workspaces?: readonly string[] | { readonly packages?: readonly string[] };
}

/** One entry of `devEngines`. */
export interface Engine {
  readonly name: string;
  readonly version?: string;
}

/** What a package.json asks for, whatever for. An optional dependency overrides a plain one of the same name. */
export function wantedBy({
  dependencies,
  devDependencies,
  optionalDependencies,
}: Manifest): Record<string, string> {
  return { ...devDependencies, ...dependencies, ...optionalDependencies };
}

/** Each package once, in one order whatever the lockfile's. One that production needs anywhere is none for development. */
export function distinct(packages: Iterable<LockedPackage>): LockedPackage[] {
  const byKey = new Map<string, LockedPackage>();
  for (const one of packages) {
    const key = JSON.stringify([one.name, one.version, one.resolved, one.integrity]);
    const other = byKey.get(key);
    byKey.set(key, other ? { ...one, dev: one.dev && other.dev } : one);
  }
  const order = (one: LockedPackage) => `${one.name}\0${one.version}\0${one.resolved}`;
  return [...byKey.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** What can be reached from these by their dependencies. */
export function reachable(
  from: Iterable<string>,
  dependenciesOf: (key: string) => Iterable<string>,
): Set<string> {
  const seen = new Set<string>();
  const open = [...from];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (seen.has(key)) continue;
    seen.add(key);
    open.push(...dependenciesOf(key));
  }
  return seen;
}

/** Where something comes from, by how lockfiles write that. */
export function originOf(resolved: string): LockedPackage['from'] {
  if (
    /^(git[+:@]|git$|github:|gitlab:|bitbucket:|ssh:)|\.git(#|$)|^https:\/\/codeload\.github\.com\//.test(
      resolved,
    )
  )
    return 'git';
  if (/^(file|link|portal):|^\.{0,2}\//.test(resolved)) return 'file';
  if (resolved.startsWith('workspace:')) return 'workspace';
  return /^https?:/.test(resolved) ? 'url' : 'registry';
}

/** `@acme/ui@1.2.0` to its name and the rest. */
export function splitSpec(spec: string): { name: string; rest: string } {
  const at = spec.indexOf('@', 1);
  return at < 0 ? { name: spec, rest: '' } : { name: spec.slice(0, at), rest: spec.slice(at + 1) };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The entries of an object of texts; what is no text is left out. */
export function textsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (typeof one === 'string' ? [[key, one] as const] : [])),
  );
}

/** An url of a package in a registry: `https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz`. */
export function isRegistryTarball(url: string, name: string): boolean {
  const path = decodeURIComponent(url.replace(/[?#].*$/, ''));
  // GitHub's and GitLab's registries have paths of their own.
  return path.includes(`/${name}/-/`) || path.includes(`/download/${name}/`);
}
