/**
 * Where releases lie on a machine. Not in the home, which is 0700: apps may run as other users, and must read what they run. What
 * only Holdfast reads (records, logs of steps, the lock) is 0700 all the same.
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../errors.ts';

export interface ReleasePaths {
  /** Of Holdfast itself. */
  readonly home: string;
  /** Of one project. */
  readonly root: string;
  /** `<id>/`, one tree each, read-only. */
  readonly releases: string;
  /** A symbolic link to the release that serves. */
  readonly current: string;
  /** What all releases share: uploads, `.env`. */
  readonly shared: string;
  /** `<id>/`: record.json, the output of its steps, its packages, its SBOM. 0700. */
  readonly records: string;
  /** A directory: who deploys at present. 0700. */
  readonly lock: string;
  /** Receives `git push`. */
  readonly repository: string;
  /** What all projects share: contents by their hash. */
  readonly store: string;
  /** Node and package managers, `node@24.5.0/`; for all projects. */
  readonly tools: string;
  /** `<user>/`: the home directory of installs and builds of this project, with the caches of package managers. */
  readonly buildHome: string;
}

/**
 * @param home of Holdfast: releases are beside it, `~/.holdfast-releases/shop`
 * @throws HoldfastError USAGE when the project is called so that this would be another directory
 */
export function releasePaths(home: string, project: string): ReleasePaths {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(project)) {
    throw new HoldfastError('USAGE', `"${project}" is no name of a project`, {
      hint: 'It consists of letters, digits, "-" and "_", and begins with a letter or digit',
    });
  }
  const all = `${home}-releases`;
  const root = join(all, project);
  return {
    home,
    root,
    releases: join(root, 'releases'),
    current: join(root, 'current'),
    shared: join(root, 'shared'),
    records: join(root, 'records'),
    lock: join(root, 'lock'),
    repository: join(root, 'repository.git'),
    // No project can be called so.
    store: join(all, '.store'),
    tools: join(all, '.tools'),
    buildHome: join(all, '.build', project),
  };
}

/** Makes what is not there yet, whatever the umask: who runs the apps must get to the releases, and nobody else to the records. */
export function makeReleaseDirs({ root, releases, shared, records, lock }: ReleasePaths): void {
  for (const dir of [dirname(root), root, releases]) makeDir(dir, 0o755);
  // Once it is there, it belongs to whoever keeps secrets in it.
  if (!existsSync(shared)) makeDir(shared, 0o755);
  for (const dir of [records, lock]) makeDir(dir, 0o700);
}

function makeDir(dir: string, mode: number): void {
  mkdirSync(dir, { recursive: true, mode });
  chmodSync(dir, mode);
}
