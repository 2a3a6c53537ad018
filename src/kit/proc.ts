/**
 * What the system knows about processes: proc(5) on Linux, `ps` elsewhere. All functions are synchronous, because
 * reading /proc never waits for a disk, and answer `undefined` for a process that does not exist.
 *
 * A program that has used up its descriptors (EMFILE) cannot open anything in /proc, and must not take that for an empty machine: what
 * runs would be taken for dead, and started a second time. So one descriptor is kept for that moment, and where even that does not help
 * the kernel is asked in a way that needs none, kill(2) with signal 0.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

/** A process, told apart from a later one with the same pid. Valid within one boot: keep `bootId` beside it on disk. */
export interface ProcessId {
  readonly pid: number;
  /** Only good for comparison: clock ticks since boot on Linux, seconds since the epoch elsewhere. */
  readonly startTime: number;
}

export interface ProcessStat extends ProcessId {
  /** The name of the program, as the kernel cut it. */
  readonly comm: string;
  /** One letter, as in ps(1): R, S, D, Z (dead, not yet waited for), T (stopped) … */
  readonly state: string;
  readonly ppid: number;
  /** Process group. */
  readonly pgrp: number;
  readonly session: number;
  /** User and system time used so far. */
  readonly cpuMs: number;
}

/** USER_HZ, which the kernel's interface fixes at 100 on every architecture that Node runs on. */
const MS_PER_TICK = 10;
const isLinux = process.platform === 'linux';

export function readStat(pid: number): ProcessStat | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (!isLinux) return ps(['-p', String(pid)])[0];
  const text = readProc(`${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** Parses /proc/<pid>/stat. The name stands in parentheses and may hold spaces and parentheses itself. */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open === -1 || close < open) return undefined;
  // The fields after the name; proc(5) counts the state as field 3.
  const fields = text.slice(close + 2).split(' ');
  const number = (field: number): number => Number(fields[field - 3]);
  const stat: ProcessStat = {
    pid: Number(text.slice(0, open)),
    comm: text.slice(open + 1, close),
    state: fields[0] ?? '',
    ppid: number(4),
    pgrp: number(5),
    session: number(6),
    cpuMs: (number(14) + number(15)) * MS_PER_TICK,
    startTime: number(22),
  };
  return Number.isInteger(stat.startTime) && Number.isInteger(stat.pid) ? stat : undefined;
}

/** Who has this pid now; undefined for nobody and for a zombie. */
export function identify(pid: number): ProcessId | undefined {
  const stat = readStat(pid);
  return stat && !isDead(stat) ? { pid, startTime: stat.startTime } : undefined;
}

/** The very process still runs. A zombie does not, nor does another process with the same pid. */
export function isAlive(id: ProcessId): boolean {
  const before = failedLooks;
  const found = identify(id.pid);
  if (found) return found.startTime === id.startTime;
  return failedLooks > before && exists(id.pid);
}

/** How long it runs, in ms; 0 when that cannot be told. */
export function ageMs({ startTime }: ProcessId): number {
  if (!isLinux) return Math.max(0, Date.now() - startTime * 1000);
  const upMs = Number.parseFloat(readProc('uptime') ?? '') * 1000;
  return Math.max(0, upMs - startTime * MS_PER_TICK) || 0;
}

/** Memory in RAM, shared pages included; cheap enough for every second. */
export function rssBytes(pid: number): number | undefined {
  if (!isLinux) return psRss(pid);
  const resident = statusKilobytes(readProc(`${pid}/status`), 'VmRSS');
  return resident === undefined ? undefined : resident * 1024;
}

/** Memory in RAM, shared pages divided among their users; the kernel walks all pages for it (about 1 ms). Falls back to RSS. */
export function pssBytes(pid: number): number | undefined {
  const share = isLinux ? statusKilobytes(readProc(`${pid}/smaps_rollup`), 'Pss') : undefined;
  return share === undefined ? rssBytes(pid) : share * 1024;
}

/** Living members of a process group, its leader included. */
export function groupMembers(pgrp: number): ProcessStat[] {
  return membersOf(pgrp, (stat) => stat.pgrp === pgrp);
}

/** Living members of a session: also those that went into a group of their own. */
export function sessionMembers(session: number): ProcessStat[] {
  return membersOf(session, (stat) => stat.session === session);
}

function membersOf(leader: number, belongs: (stat: ProcessStat) => boolean): ProcessStat[] {
  const before = failedLooks;
  const members = listProcesses().filter((stat) => belongs(stat) && !isDead(stat));
  // When nobody can be seen, the group of the leader stands for all.
  if (members.length === 0 && failedLooks > before && exists(-leader)) return [unseen(leader)];
  return members;
}

/** The living processes whose environment has all these entries, such as `A=1`: also those that left the session of whoever started them. Linux only. */
export function processesMarked(marks: readonly string[]): ProcessStat[] {
  if (!isLinux || marks.length === 0) return [];
  return listProcesses().filter((stat) => {
    if (isDead(stat)) return false;
    const environ = environOf(stat.pid);
    return marks.every((mark) => environ.includes(mark));
  });
}

/** The entries of a process's environment as it was at its start; none when it has ended or is another user's. Linux only. */
export function environOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** All processes that this user may see, zombies included. */
export function listProcesses(): ProcessStat[] {
  if (!isLinux) return ps(['-A']);
  const names = withReserve(() => readdirSync('/proc')) ?? [];
  return names.filter((name) => /^\d+$/.test(name)).flatMap((pid) => readStat(Number(pid)) ?? []);
}

export function isDead(stat: ProcessStat): boolean {
  return stat.state.startsWith('Z') || stat.state.toUpperCase().startsWith('X');
}

/** Changes with every boot of the machine, so that a ProcessId of an earlier boot can be told. */
export function bootId(): string {
  knownBootId ??= readBootId();
  return knownBootId;
}

let knownBootId: string | undefined;

function readBootId(): string {
  if (isLinux) return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const { stdout } = spawnSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' });
  return /sec = (\d+)/.exec(stdout ?? '')?.[1] ?? 'unknown';
}

function readProc(name: string): string | undefined {
  return withReserve(() => readFileSync(`/proc/${name}`, 'utf8'));
}

/** Given up for a moment when there is no other descriptor left. */
let reserve: number | undefined;
/** Looks that failed for another reason than that there is nothing. */
let failedLooks = 0;

/** ENOENT, or ESRCH when the process ends between open and read; EACCES: it is hidden from us. */
const NOTHING_THERE = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'];

/** The result of a look into /proc; undefined when there is nothing, or when it cannot be known, which `failedLooks` counts. */
function withReserve<T>(look: () => T): T | undefined {
  reserve ??= quietly(() => openSync('/dev/null', 'r'));
  try {
    return look();
  } catch (error) {
    if (NOTHING_THERE.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
  }
  if (reserve !== undefined) closeSync(reserve);
  reserve = undefined;
  try {
    return look();
  } catch (error) {
    if (!NOTHING_THERE.includes((error as NodeJS.ErrnoException).code ?? '')) failedLooks += 1;
    return undefined;
  }
}

function quietly<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** A process, or with a negative number a group, that has this pid. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function unseen(pid: number): ProcessStat {
  return { pid, startTime: 0, comm: '', state: '?', ppid: 0, pgrp: pid, session: pid, cpuMs: 0 };
}

function statusKilobytes(text: string | undefined, field: string): number | undefined {
  const match = text && new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text);
  return match ? Number(match[1]) : undefined;
}

function ps(selection: string[]): ProcessStat[] {
  const columns = 'pid=,ppid=,pgid=,sess=,stat=,time=,lstart=,comm=';
  const { stdout } = spawnSync('ps', [...selection, '-o', columns], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    maxBuffer: 64 * 1024 * 1024,
  });
  return (stdout ?? '').split('\n').flatMap((line) => parsePsLine(line) ?? []);
}

/** A line of `ps -o pid=,ppid=,pgid=,sess=,stat=,time=,lstart=,comm=` in the C locale and UTC. */
export function parsePsLine(line: string): ProcessStat | undefined {
  const match =
    /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+([\d:.-]+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(
      line,
    );
  if (!match) return undefined;
  const [, pid, ppid, pgrp, session, state = '', time = '', started, comm = ''] = match;
  return {
    pid: Number(pid),
    comm,
    state,
    ppid: Number(ppid),
    pgrp: Number(pgrp),
    // macOS prints a kernel address or 0 here; the group is the nearest that is known.
    session: Number(session) || Number(pgrp),
    cpuMs: cpuTimeMs(time),
    startTime: Date.parse(`${started} UTC`) / 1000,
  };
}

/** `[days-][hours:]minutes:seconds[.hundredths]` */
function cpuTimeMs(text: string): number {
  const [clock = '', days = '0'] = text.split('-').reverse();
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1000);
}

function psRss(pid: number): number | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  const kilobytes = Number((stdout ?? '').trim());
  return kilobytes > 0 ? kilobytes * 1024 : undefined;
}
