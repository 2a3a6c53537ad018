/**
 * cgroup v2 by its files, see cgroups(7) and Documentation/admin-guide/cgroup-v2.rst of the kernel. A cgroup is a directory; its limits
 * are files in it; a process joins by writing its pid.
 */
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Where the hierarchy is mounted, from /proc/self/mountinfo; undefined on a machine without cgroup v2. */
export function cgroupMount(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    // 36 35 0:32 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw
    const [before = '', after = ''] = line.split(' - ');
    if (!after.startsWith('cgroup2 ')) continue;
    return before
      .split(' ')[4]
      ?.replaceAll(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
  }
  return undefined;
}

/** The cgroup that a process is in, as a path below the mount, from /proc/<pid>/cgroup. */
export function cgroupOf(text: string): string | undefined {
  const line = text.split('\n').find((one) => one.startsWith('0::'));
  return line?.slice(3).replace(/ \(deleted\)$/, '');
}

/** The controllers that can be turned on for what is below. */
export function controllersOf(dir: string): readonly string[] {
  return words(join(dir, 'cgroup.controllers'));
}

/**
 * Turns controllers on for the children of a cgroup.
 *
 * @throws the system error: EBUSY when processes are in it (only leaves may have some), EACCES, EROFS …
 */
export function enableControllers(dir: string, wanted: readonly string[]): void {
  const on = words(join(dir, 'cgroup.subtree_control'));
  const missing = wanted.filter((controller) => !on.includes(controller));
  if (missing.length > 0) set(dir, 'cgroup.subtree_control', missing.map((one) => `+${one}`).join(' '));
}

export function makeCgroup(dir: string): void {
  mkdirSync(dir, { recursive: true });
}

/** Writes one of its files. */
export function set(dir: string, file: string, value: string): void {
  // Not created: a name that the kernel does not know is an error.
  const fd = openSync(join(dir, file), constants.O_WRONLY);
  try {
    writeSync(fd, value);
  } finally {
    closeSync(fd);
  }
}

export function members(dir: string): number[] {
  return words(join(dir, 'cgroup.procs')).map(Number);
}

/** How many processes the kernel has ended in it because its memory was used up. */
export function oomKills(dir: string): number {
  const text = readQuietly(join(dir, 'memory.events')) ?? '';
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** SIGKILL for all in it, also for those that fork just now. Kernels before 5.14 lack that: then one after the other. */
export function killAll(dir: string): void {
  try {
    set(dir, 'cgroup.kill', '1');
  } catch {
    for (const pid of members(dir)) killQuietly(pid);
  }
}

/** @returns whether it is gone; not as long as there is a process in it */
export function removeCgroup(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Names of the cgroups in this one. */
export function childCgroups(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function words(file: string): string[] {
  return (readQuietly(file) ?? '').split(/\s+/).filter((word) => word !== '');
}

function readQuietly(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
