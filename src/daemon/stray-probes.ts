/** Health commands whose daemon died while they ran: nobody else ends one that hangs. Linux only (/proc). */
import { readFileSync } from 'node:fs';
import { listProcesses } from '../kit/proc.ts';

/** The home of the daemon that asks, in the environment of every health command and of what it starts. */
export const PROBE_ENV = 'HOLDFAST_PROBE';

/** To be called before anything is asked. */
export function endStrayProbes(home: string): void {
  const mark = `${PROBE_ENV}=${home}`;
  const ours = [process.pid, process.ppid];
  for (const { pid } of listProcesses()) {
    if (!ours.includes(pid) && environOf(pid).includes(mark)) end(pid);
  }
}

function environOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It has ended, or is another user's.
    return [];
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
