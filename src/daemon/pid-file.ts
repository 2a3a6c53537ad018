/** Pid files, for scripts and monitors that look there: the pid of the process that runs now, or no file. */
import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { extname } from 'node:path';
import type { AppPlan } from '../config/plan.ts';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import { inItsDirectory } from '../kit/owned-directory.ts';
import { readPlainFile } from '../kit/plain-file.ts';
import { readStat } from '../kit/proc.ts';

/** What others write besides the pid. */
const LARGEST = 4096;

/** Of this instance: with several, `-<slot>` comes before the extension. */
export function pidFileOf(plan: Pick<AppPlan, 'pidFile' | 'instances'>, slot: number): string | null {
  const { pidFile, instances } = plan;
  if (pidFile === null || instances === 1) return pidFile;
  const extension = extname(pidFile);
  return `${pidFile.slice(0, pidFile.length - extension.length)}-${slot}${extension}`;
}

export function writePidFile(path: string, pid: number): void {
  inItsDirectory(path, 0o755, (place) =>
    writeAtomicSync(place.path, `${pid}\n`, { sync: false, mode: 0o644 }),
  );
}

/** Not when somebody has written another pid meanwhile: the next instance, say. */
export function removePidFile(path: string, pid: number): void {
  try {
    inItsDirectory(path, null, (place) => {
      if (readPid(place.path) === pid) rmSync(place.path, { force: true });
    });
  } catch {
    // Its directory is gone, or leads elsewhere.
  }
}

export interface Stranger {
  readonly pid: number;
  readonly name: string;
}

/**
 * The living process of somebody else that a pid file speaks of. A file that is older than the process is left over from before, and the pid
 * was given to another one.
 *
 * @param isOurs tells from the environment of a process whether it is one of this app
 */
export function strangerIn(path: string, isOurs: (env: string) => boolean): Stranger | undefined {
  const pid = readPid(path);
  const stat = pid === undefined ? undefined : readStat(pid);
  if (!stat || startedAfter(stat.startTime, path) || isOurs(readProc(`${stat.pid}/environ`)))
    return undefined;
  return { pid: stat.pid, name: stat.comm };
}

/** Ticks of the kernel's clock for user space: 100 a second, see proc(5). */
const TICKS_PER_S = 100;
const SLACK_MS = 1000;

function startedAfter(startTime: number, path: string): boolean {
  const bootS = Number(/^btime (\d+)$/m.exec(readProc('stat'))?.[1]);
  if (Number.isNaN(bootS)) return false;
  const startedAt = (bootS + startTime / TICKS_PER_S) * 1000;
  return startedAt > (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) + SLACK_MS;
}

function readPid(path: string): number | undefined {
  const pid = Number.parseInt(
    quietly(() => readPlainFile(path, LARGEST)),
    10,
  );
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

function readProc(name: string): string {
  return quietly(() => readFileSync(`/proc/${name}`, 'utf8'));
}

function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
