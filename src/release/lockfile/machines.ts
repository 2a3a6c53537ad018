/** For which machines a package is: lockfiles list those of all, and only what fits is installed. Pure. */
import type { LockedPackage, PackageMachines } from '../seams.ts';
import { textOf } from './lockfile.ts';

export interface ThisMachine {
  /** As `process.platform` and `process.arch`. */
  readonly platform: string;
  readonly arch: string;
  /** The C library is musl (Alpine). */
  readonly musl: boolean;
}

/** Of an object with `os`, `cpu` and `libc`, each a text or a list of texts; `{}` when it is for all. */
export function machinesOf(entry: Readonly<Record<string, unknown>>): Pick<LockedPackage, 'machines'> {
  const list = (value: unknown) =>
    [value].flat().flatMap((one) => {
      const text = textOf(one);
      return text === null || text === 'any' ? [] : [text];
    });
  const machines = { os: list(entry.os), cpu: list(entry.cpu), libc: list(entry.libc) };
  return isForAll(machines) ? {} : { machines };
}

/** `(os=linux | os=android) & cpu=x64`, as yarn 2 and newer write it. */
export function machinesOfConditions(text: string | null): Pick<LockedPackage, 'machines'> {
  const list = (name: string) =>
    [...(text ?? '').matchAll(/(!?)\b(os|cpu|libc)=([\w-]+)/g)].flatMap(([, not = '', key, value]) =>
      key === name ? [`${not}${value}`] : [],
    );
  return machinesOf({ os: list('os'), cpu: list('cpu'), libc: list('libc') });
}

/** As npm decides it: npmjs.com/package/npm-install-checks. */
export function fitsMachine(
  { machines }: Pick<LockedPackage, 'machines'>,
  { platform, arch, musl }: ThisMachine,
): boolean {
  if (machines === undefined) return true;
  const libc = platform === 'linux' ? (musl ? 'musl' : 'glibc') : 'none';
  return fits(machines.os, platform) && fits(machines.cpu, arch) && fits(machines.libc, libc);
}

function fits(list: readonly string[], value: string): boolean {
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((one) => one.startsWith('!'));
}

function isForAll({ os, cpu, libc }: PackageMachines): boolean {
  return os.length + cpu.length + libc.length === 0;
}
