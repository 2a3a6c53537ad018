/** Can this lockfile be installed from, and be believed? Asked before any package manager is. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { findLockfile, readManifest, remedyOf, workspaceDirs } from './find.ts';
import { type LockContent, type Lockfile, type Manifest, wantedBy } from './lockfile.ts';
import { isFromIts, openRegistries, type Registries, readRegistries, registryOf } from './registries.ts';

export interface CheckedLockfile {
  readonly lockfile: Lockfile;
  /** URL of the one that is asked for packages without a scope. */
  readonly registry: string;
  /** What a person should know. */
  readonly notes: readonly string[];
}

/**
 * @param wanted see findLockfile
 * @param env what installs get
 * @returns null when there are no packages
 * @throws HoldfastError PACKAGES_REFUSED with what to do
 */
export function checkLockfile(
  dir: string,
  wanted: string | null = null,
  env: Readonly<Record<string, string | undefined>> = {},
): CheckedLockfile | null {
  const lockfile = findLockfile(dir, wanted);
  if (!lockfile) return null;
  const { kind, file, content } = lockfile;
  const stale = outOfStep(content, manifestsOf(dir, content));
  if (stale.length > 0) {
    throw new HoldfastError(
      'PACKAGES_REFUSED',
      `"${file}" is out of step with package.json: ${inWords(stale)}`,
      {
        hint: remedyOf(kind),
        details: stale,
      },
    );
  }
  const npmrc = join(dir, '.npmrc');
  const registries = readRegistries(existsSync(npmrc) ? readFileSync(npmrc, 'utf8') : '', env);
  refuseStrangers(lockfile, registries);
  return { lockfile, registry: registries.main, notes: [...notesOf(lockfile), ...open(registries)] };
}

/** One line for each name of a package.json that the lockfile does not know, or knows otherwise. */
export function outOfStep(
  { wants, answers }: LockContent,
  manifests: Readonly<Record<string, Manifest>>,
): string[] {
  return Object.entries(manifests).flatMap(([dir, manifest]) => {
    const wanted = wantedBy(manifest);
    const locked = wants?.[dir];
    const where = dir === '' ? '' : ` (${dir})`;
    const changed = Object.entries(wanted).flatMap(([name, range]) => {
      const known = locked ? locked[name] : answers?.(name, range) ? range : undefined;
      if (known === range) return [];
      // What overrides it is in the lockfile under the other range.
      if (!locked && manifest.resolutions !== undefined) return [];
      const instead = known === undefined ? 'is not in it' : `is "${known}" in it`;
      return [`"${name}": "${range}" ${instead}${where}`];
    });
    const gone = Object.keys(locked ?? {}).filter((name) => !Object.hasOwn(wanted, name));
    return [...changed, ...gone.map((name) => `"${name}" is in it only${where}`)];
  });
}

/** The package.json of each directory that the lockfile is about. */
function manifestsOf(dir: string, { wants }: LockContent): Record<string, Manifest> {
  const dirs = wants ? Object.keys(wants) : workspaceDirs(dir);
  return Object.fromEntries(
    dirs.flatMap((one) => {
      // What is not in the release, such as an example that is not published, is not installed either.
      const manifest = one.split('/').includes('..') ? undefined : readManifest(join(dir, one));
      return manifest ? [[one, manifest] as const] : [];
    }),
  );
}

/**
 * A lockfile that a stranger has written, or a registry that .npmrc has changed, would bring in packages from elsewhere.
 */
function refuseStrangers({ file, text, content }: Lockfile, registries: Registries): void {
  const strangers = content.packages.filter(
    ({ name, from, resolved }) =>
      from === 'registry' && resolved !== null && !isFromIts(name, resolved, registries),
  );
  if (strangers.length === 0) return;
  const lines = strangers.map(({ name, resolved }) => {
    const line = lineOf(text, resolved ?? '');
    return `${file}:${line}: "${name}" comes from "${withoutPassword(resolved ?? '')}", not from "${registryOf(name, registries)}"`;
  });
  throw new HoldfastError(
    'PACKAGES_REFUSED',
    `${lines[0]}${lines.length > 1 ? `, and ${lines.length - 1} more` : ''}`,
    {
      hint: 'If that registry is yours, name it in .npmrc of the project (`registry=` or `@scope:registry=`); if not, somebody has changed the lockfile',
      details: lines,
    },
  );
}

function lineOf(text: string, resolved: string): number {
  const at = text.indexOf(resolved);
  return at < 0 ? 1 : text.slice(0, at).split('\n').length;
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

function notesOf({ kind, file, content }: Lockfile): string[] {
  // Yarn has none for what is of another platform.
  if (kind === 'berry') return [];
  const bare = content.packages.filter(({ from, integrity }) => from === 'registry' && integrity === null);
  if (bare.length === 0) return [];
  const names = inWords(bare.map(({ name, version }) => `${name}@${version}`));
  return [
    `"${file}" has no \`integrity\` of ${names}: whatever the registry sends is installed. Delete node_modules and the lockfile, and write it anew`,
  ];
}

function open(registries: Registries): string[] {
  return openRegistries(registries).map(
    (url) => `The registry "${url}" is asked without https: anybody in between can change what it sends`,
  );
}

/** The first few of them. */
export function inWords(all: readonly string[], most = 5): string {
  const shown = all.slice(0, most).join(', ');
  return all.length > most ? `${shown} and ${all.length - most} more` : shown;
}
