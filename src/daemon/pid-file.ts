/** Pid files, for scripts and monitors that look there: the pid of the process that runs now, or no file. */
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import type { AppPlan } from '../config/plan.ts';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import { readStat } from '../kit/proc.ts';

/** Of this instance: with several, `-<slot>` comes before the extension. */
export function pidFileOf(plan: Pick<AppPlan, 'pidFile' | 'instances'>, slot: number): string | null {
  const { pidFile, instances } = plan;
  if (pidFile === null || instances === 1) return pidFile;
  const extension = extname(pidFile);
  return `${pidFile.slice(0, pidFile.length - extension.length)}-${slot}${extension}`;
}

export function writePidFile(path: string, pid: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeAtomicSync(path, `${pid}\n`, { sync: false, mode: 0o644 });
}

/** Not when somebody has written another pid meanwhile: the next instance, say. */
export function removePidFile(path: string, pid: number): void {
  if (readPid(path) === pid) rmSync(path, { force: true });
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
  if (!stat || startedAfter(stat.startTime, path) || isOurs(readQuietly(`/proc/${stat.pid}/environ`)))
    return undefined;
  return { pid: stat.pid, name: stat.comm };
}

/** Ticks of the kernel's clock for user space: 100 a second, see proc(5). */
const TICKS_PER_S = 100;
const SLACK_MS = 1000;

function startedAfter(startTime: number, path: string): boolean {
  const bootS = Number(/^btime (\d+)$/m.exec(readQuietly('/proc/stat'))?.[1]);
  if (Number.isNaN(bootS)) return false;
  const startedAt = (bootS + startTime / TICKS_PER_S) * 1000;
  return startedAt > (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) + SLACK_MS;
}

function readPid(path: string): number | undefined {
  const pid = Number.parseInt(readQuietly(path), 10);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
