/** Health commands whose daemon died while they ran: nobody else ends one that hangs. Linux only (/proc). */
import { processesMarked } from '../kit/proc.ts';

/** The home of the daemon that asks, in the environment of every health command and of what it starts. */
export const PROBE_ENV = 'HOLDFAST_PROBE';

/** To be called before anything is asked. */
export function endStrayProbes(home: string): void {
  const ours = [process.pid, process.ppid];
  for (const { pid } of processesMarked([`${PROBE_ENV}=${home}`])) if (!ours.includes(pid)) end(pid);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
