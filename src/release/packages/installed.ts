/** What lies in node_modules: of the root and of workspaces, flat as npm has it, or linked as pnpm has it. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, textOf, textsOf } from '../lockfile/lockfile.ts';

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Absolute. */
  readonly dir: string;
  /** Those that are run on install, in their order: `['postinstall', 'node build.js']`. */
  readonly scripts: readonly (readonly [event: string, script: string])[];
}

const ON_INSTALL = ['preinstall', 'install', 'postinstall'] as const;

/** The directories `node_modules`, relative, but for those inside of others. */
export function moduleDirs(dir: string): string[] {
  const found: string[] = [];
  const look = (below: string) => {
    for (const entry of readdirSync(join(dir, below), { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name === '.git') continue;
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.name === 'node_modules') found.push(path);
      else look(path);
    }
  };
  look('');
  return found.sort();
}

/** All packages below these directories; links are not followed, so each is there once. */
export function installedPackages(dir: string): InstalledPackage[] {
  return moduleDirs(dir).flatMap((path) => packagesIn(join(dir, path)));
}

function packagesIn(modules: string): InstalledPackage[] {
  return subdirectories(modules).flatMap((name) => {
    const path = join(modules, name);
    if (name === '.pnpm')
      return subdirectories(path).flatMap((id) => packagesIn(join(path, id, 'node_modules')));
    if (name.startsWith('@')) return subdirectories(path).flatMap((inner) => packageIn(join(path, inner)));
    return name.startsWith('.') ? [] : packageIn(path);
  });
}

function packageIn(dir: string): InstalledPackage[] {
  const inner = packagesIn(join(dir, 'node_modules'));
  const manifest = read(join(dir, 'package.json'));
  if (!isRecord(manifest)) return inner;
  const own = {
    name: textOf(manifest.name) ?? '',
    version: textOf(manifest.version) ?? '0.0.0',
    dir,
    scripts: installScripts(dir, manifest),
  };
  return [own, ...inner];
}

/** What npm would run: with a binding.gyp and no script, it compiles (docs.npmjs.com/cli/using-npm/scripts). */
export function installScripts(dir: string, manifest: Record<string, unknown>): [string, string][] {
  const scripts = textsOf(manifest.scripts);
  const found = ON_INSTALL.flatMap((event) => {
    const script = scripts[event];
    return script ? [[event, script] as [string, string]] : [];
  });
  const compiles = !scripts.install && !scripts.preinstall && manifest.gypfile !== false;
  if (!compiles || !existsSync(join(dir, 'binding.gyp'))) return found;
  return [['install', 'node-gyp rebuild'], ...found];
}

function subdirectories(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => lstatSync(join(dir, name)).isDirectory())
      .sort();
  } catch {
    return [];
  }
}

function read(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
