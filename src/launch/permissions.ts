/**
 * Node's permission model (https://nodejs.org/api/permissions.html): the options that a plan means for a version of Node.
 * `--permission` is `--experimental-permission` before 22.13, `--allow-addons` exists since 20.12, `--allow-net` since 25. Pure.
 */
import type { PermissionsPlan } from '../config/plan.ts';

export interface PermissionPaths {
  /** The directory of the app, in every spelling (symbolic links). */
  readonly own: readonly string[];
  /** What our own preload reads and writes. */
  readonly read: readonly string[];
  readonly write: readonly string[];
}

export function permissionArgs(plan: PermissionsPlan, version: string, paths: PermissionPaths): string[] {
  const read = [...paths.own.flatMap(readable), ...paths.read, ...plan.fsRead, ...plan.fsWrite];
  const write = [...paths.write, ...plan.fsWrite];
  const stable = isAtLeast(version, 23, 5) || (version.startsWith('22.') && isAtLeast(version, 22, 13));
  return [
    stable ? '--permission' : '--experimental-permission',
    ...distinct(read).map((path) => `--allow-fs-read=${path}`),
    ...distinct(write).map((path) => `--allow-fs-write=${path}`),
    ...(plan.net && restrictsNet(version) ? ['--allow-net'] : []),
    ...(plan.childProcess ? ['--allow-child-process'] : []),
    ...(plan.worker ? ['--allow-worker'] : []),
    ...(plan.addons ? ['--allow-addons'] : []),
  ];
}

/** This Node can keep a program from the network; older ones let all have it. */
export function restrictsNet(version: string): boolean {
  return isAtLeast(version, 25, 0);
}

/** The directory with all below, and `node_modules` of the directories above, where packages of a monorepo lie. */
function readable(dir: string): string[] {
  const above: string[] = [];
  for (let end = dir.lastIndexOf('/'); end > 0; end = dir.lastIndexOf('/', end - 1)) {
    above.push(`${dir.slice(0, end)}/node_modules/*`, `${dir.slice(0, end)}/package.json`);
  }
  return [`${dir}/*`, ...above];
}

/** Without those that others include: Node 20 stops with an assertion, or forgets the outer one, when it is told both. */
function distinct(paths: readonly string[]): string[] {
  const all = [...new Set(paths)];
  const includes = (outer: string, path: string) =>
    outer !== path && outer.endsWith('/*') && `${path}/`.startsWith(outer.slice(0, -1));
  return all.filter((path) => !all.some((outer) => includes(outer, path)));
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}
