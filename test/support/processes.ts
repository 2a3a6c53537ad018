/** Looks at the processes of this machine through /proc (elsewhere: there are none to be seen). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** Words of the command line joined by spaces. */
  readonly command: string;
  /** Start time in clock ticks since boot: with the pid it names a process for good. */
  readonly startTime: number;
}

/** Those that have `text` in their environment or command line, without the caller. Dead ones (zombies) do not count. */
export function processesWith(text: string): SeenProcess[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(pid, 'environ').includes(text) || read(pid, 'cmdline').includes(text))
    .flatMap((pid) => seen(Number(pid)) ?? []);
}

/** What is known of a live process, undefined when there is none. */
export function seen(pid: number): SeenProcess | undefined {
  const stat = read(String(pid), 'stat');
  // The name in parentheses may hold anything, also parentheses and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, startTime] = [fields[0], fields[1], fields[19]];
  if (!state || 'ZX'.includes(state)) return undefined;
  const command = read(String(pid), 'cmdline').replaceAll('\0', ' ').trim();
  return { pid, parent: Number(parent), command, startTime: Number(startTime) };
}

/** On Linux a zombie is not alive; elsewhere it is as long as it can be signalled. */
export function isAlive(pid: number): boolean {
  if (existsSync('/proc/self/stat')) return seen(pid) !== undefined;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Proportional memory (PSS) of a process in bytes. */
export function pssBytes(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(read(String(pid), 'smaps_rollup'))?.[1];
  if (!kilobytes) throw new Error(`No memory figures of pid ${pid}`);
  return Number(kilobytes) * 1024;
}

/** CPU time, user and system, that a process has used, in milliseconds (to 10 ms). */
export function cpuMs(pid: number): number {
  const stat = read(String(pid), 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (Number.isNaN(ticks)) throw new Error(`No CPU figures of pid ${pid}`);
  return ticks * 10;
}

function read(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return ''; // Gone meanwhile, or somebody else's.
  }
}
