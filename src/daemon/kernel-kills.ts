/** Did the kernel end a process because memory was short? It says so in its log, and counts it. */
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';

export type KernelKill =
  /** The kernel's log names the process. */
  | 'certain'
  /** It has ended some process since we last looked, and its log cannot be read. */
  | 'likely';

export class KernelKills {
  #counted = count();

  /** Whether it ended `pid`, of which only SIGKILL is known; null: nothing points to it. */
  of(pid: number): KernelKill | null {
    const before = this.#counted;
    this.#counted = count();
    if (killedPids(readKernelLog()).includes(pid)) return 'certain';
    return before !== null && this.#counted !== null && this.#counted > before ? 'likely' : null;
  }
}

/** As `oom_kill_process` of the kernel prints it: `Out of memory: Killed process 12 (node)`, `Memory cgroup out of memory: …`. */
export function killedPids(log: string): number[] {
  return [...log.matchAll(/ut of memory: Kill(?:ed)? process (\d+)/g)].map(([, pid]) => Number(pid));
}

/** proc(5), /proc/vmstat; null where it is not counted. */
function count(): number | null {
  const found = /^oom_kill (\d+)$/m.exec(read('/proc/vmstat'))?.[1];
  return found === undefined ? null : Number(found);
}

/** One record for each read, see the kernel's Documentation/ABI/testing/dev-kmsg. Empty where it may not be read. */
function readKernelLog(): string {
  let fd: number;
  try {
    fd = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return '';
  }
  const buffer = Buffer.alloc(8192);
  let text = '';
  try {
    for (;;) text += `${buffer.toString('utf8', 0, readSync(fd, buffer))}`;
  } catch {
    // EAGAIN: that was all.
  } finally {
    closeSync(fd);
  }
  return text;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
