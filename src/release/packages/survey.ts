/** What runs in production, and what is known of it: for `hold packages`. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import semver from 'semver';
import { currentRelease } from '../current.ts';
import { findLockfile, readManifest } from '../lockfile/find.ts';
import { isRecord, textOf } from '../lockfile/lockfile.ts';
import { fitsMachine } from '../lockfile/machines.ts';
import { ownNode } from '../node/runtime.ts';
import type { ReleasePaths } from '../paths.ts';
import type { LockedPackage, StepRunner } from '../seams.ts';
import { askOnce } from './audit.ts';

export interface Production {
  /** Names of the apps that run with these packages. */
  readonly apps: readonly string[];
  /** Of the release; null = they run from where their files are. */
  readonly release: string | null;
  /** With package.json. */
  readonly dir: string;
  /** Without those for development, and for other machines. */
  readonly packages: readonly LockedPackage[];
}

/** Of the release that serves, as its record has it; undefined when there is none. */
export function ofRelease(paths: ReleasePaths, apps: readonly string[]): Production | undefined {
  const release = currentRelease(paths);
  if (release === null) return undefined;
  try {
    const text = readFileSync(join(paths.records, release, 'packages.json'), 'utf8');
    return { apps, release, dir: paths.current, packages: production(JSON.parse(text) as LockedPackage[]) };
  } catch {
    return undefined;
  }
}

/**
 * By the lockfile of this directory, or the nearest above; undefined when there is none.
 * @throws HoldfastError PACKAGES_REFUSED when it cannot be read
 */
export function ofDirectory(cwd: string, apps: readonly string[]): Production | undefined {
  for (let dir = cwd; ; dir = dirname(dir)) {
    const lockfile = LOCKFILES.some((name) => existsSync(join(dir, name))) ? findLockfile(dir) : null;
    if (lockfile) return { apps, release: null, dir, packages: production(lockfile.content.packages) };
    if (dir === dirname(dir)) return undefined;
  }
}

const LOCKFILES = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock'];

function production(packages: readonly LockedPackage[]): LockedPackage[] {
  const here = ownNode();
  return packages.filter((one) => !one.dev && one.from !== 'workspace' && fitsMachine(one, here));
}

export interface Outdated {
  readonly name: string;
  readonly version: string;
  /** The newest that the range in package.json allows. */
  readonly wanted: string | null;
  readonly latest: string;
}

/** The project's own dependencies of which the registry has newer versions. */
export async function outdated(
  { dir, packages }: Production,
  runner: Pick<StepRunner, 'read'>,
): Promise<Outdated[]> {
  const { dependencies = {}, optionalDependencies = {} } = readManifest(dir) ?? {};
  const queue = Object.entries({ ...dependencies, ...optionalDependencies }).values();
  const found: Outdated[] = [];
  const workers = Array.from({ length: 4 }, async () => {
    for (const [name, range] of queue) {
      const there = packages.filter((one) => one.name === name && one.from === 'registry');
      const version = there.map((one) => one.version).sort(semver.rcompare)[0];
      const known = version === undefined ? undefined : await ask(name, dir, runner);
      if (version === undefined || !known || !semver.gt(known.latest, version)) continue;
      found.push({
        name,
        version,
        wanted: semver.maxSatisfying(known.versions, range),
        latest: known.latest,
      });
    }
  });
  await Promise.all(workers);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function ask(
  name: string,
  cwd: string,
  runner: Pick<StepRunner, 'read'>,
): Promise<{ latest: string; versions: string[] } | undefined> {
  try {
    const words = ['npm', 'view', name, 'dist-tags', 'versions', '--json', ...askOnce];
    const answer: unknown = JSON.parse(await runner.read(words, { cwd }));
    if (!isRecord(answer) || !isRecord(answer['dist-tags'])) return undefined;
    const latest = textOf(answer['dist-tags'].latest);
    const versions = [answer.versions].flat().filter((one): one is string => typeof one === 'string');
    return latest === null ? undefined : { latest, versions };
  } catch {
    return undefined;
  }
}

/** As whoever asks, with their environment. */
export function shellRunner(env: NodeJS.ProcessEnv, signal: AbortSignal): Pick<StepRunner, 'read'> {
  return {
    read: ([file = '', ...args], { cwd, alsoGood = [] }) =>
      new Promise((resolve, reject) => {
        execFile(file, args, { cwd, env, signal, maxBuffer: 64 * 1024 * 1024 }, (error, stdout) => {
          if (!error || alsoGood.includes(Number(error.code))) resolve(stdout);
          else reject(error);
        });
      }),
  };
}
