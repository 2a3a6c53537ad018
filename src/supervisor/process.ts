/**
 * One process that Holdfast runs: spawned by this daemon, or adopted from the one before it. Each is the leader of its
 * own session and process group, so that it outlives us and so that all of it can be ended. A process is known by
 * pid and start time; a pid that was reused by a stranger is never signalled.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { isSystemError } from '../errors.ts';
import type { Clock } from '../kit/clock.ts';
import { readPlainFile } from '../kit/plain-file.ts';
import { identify, isAlive, type ProcessId, processesMarked, sessionMembers } from '../kit/proc.ts';
import { type Exit, unknownExit } from './exit.ts';

/** What a process was given at its start; plain data, kept on disk so that the next daemon finds it again. */
export interface Lease {
  /** FIFOs of its stdout and stderr. */
  readonly out: string;
  readonly err: string;
  /** The unix socket that its HTTP server listens on, when it is routed. */
  readonly socket: string | null;
  /** The loopback port that it was told to use, when it is routed and has no guest. */
  readonly port: number | null;
  /** The guest is inside. */
  readonly guest: boolean;
  // Below: what records of older versions do not have.
  /** The user that it runs as, when that is not the daemon's. */
  readonly uid?: number;
  /** Where its guest makes the socket, when `socket` is only a link to that. */
  readonly ownSocket?: string;
  /** The FIFO that is its stdin. */
  readonly stdin?: string;
  /** Directory of its cgroup. */
  readonly cgroup?: string;
  /** Where its pid is written. */
  readonly pidFile?: string;
  /** Entries of its environment, which nothing else has but what it started. */
  readonly mark?: readonly string[];
  /** The loopback port at which a server in front that is not Holdfast's reaches it. */
  readonly front?: number;
  /** Where its guest leaves its exit code. */
  readonly exitNote?: string;
}

export interface ProcessRecord extends ProcessId {
  readonly serial: number;
  readonly spawnedAt: number;
  readonly lease: Lease;
}

export interface SpawnSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdio: StdioOptions;
}

export interface Running {
  readonly record: ProcessRecord;
  /** To end it: to the whole group, unless its children are spared. Does nothing when it is gone. */
  signal(signal: NodeJS.Signals): void;
  /** To the process itself, as news for it. Returns whether it is there. */
  notify(signal: NodeJS.Signals): boolean;
  /** From now on only the process itself counts: what it started is left alone, and not waited for. */
  spareChildren(): void;
  /** Called once, when the leader and everything in its session are gone. */
  onExit(callback: (exit: Exit) => void): void;
  /** Something hints that it may be gone (its pipes closed): look at once. */
  look(): void;
}

/** It is looked at quickly at first, then after ever longer: the whole of /proc is read for it. */
const GROUP_POLL_MS = { least: 20, most: 1000, partOfWait: 0.1 };
const ADOPTED_POLL_MS = 1000;
/** What SIGKILL does not end within this (a process of another user, one that waits for a dead disk) is not waited for. */
const GROUP_WAIT_MS = 5000;

/**
 * Spawns a process in a session of its own.
 *
 * @param onSpawn called at once with the child, for what must happen before anything else (IPC listeners)
 * @returns when the program runs; rejects with the system error (ENOENT, EACCES, EAGAIN …) when it could not be started
 */
export async function spawnProcess(
  spec: SpawnSpec,
  serial: number,
  lease: Lease,
  clock: Clock,
  onSpawn: (child: ChildProcess) => void,
): Promise<Running> {
  const child = spawn(spec.file, [...spec.args], {
    cwd: spec.cwd,
    env: spec.env,
    stdio: spec.stdio,
    detached: true,
  });
  onSpawn(child);
  const { pid } = child;
  if (pid === undefined) {
    return new Promise((_resolve, reject) => child.once('error', reject));
  }
  // A channel that breaks is no reason to fail: the daemon works without it.
  child.on('error', () => undefined);
  child.unref();
  const startTime = identify(pid)?.startTime ?? 0;
  const record: ProcessRecord = { pid, startTime, serial, spawnedAt: clock.now(), lease };
  const group = new Group(record, clock);
  child.once('exit', (code, signal) => group.leaderExited({ code, signal }));
  return group;
}

/** A process that an earlier daemon spawned. The kernel tells its exit code to nobody of us: only a guest can have noted it. */
export function adoptProcess(record: ProcessRecord, clock: Clock, members?: Members): Running {
  const group = new Group(record, clock, members);
  group.watch();
  return group;
}

/** How a process ended that is not our child, as far as it is known. The note is taken away. */
export function notedExit({ lease }: ProcessRecord): Exit {
  if (lease.exitNote === undefined) return unknownExit;
  try {
    const text = readPlainFile(lease.exitNote, 3);
    rmSync(lease.exitNote, { force: true });
    return /^\d{1,3}$/.test(text) ? { code: Number(text), signal: null } : unknownExit;
  } catch {
    return unknownExit;
  }
}

type Members = (record: ProcessRecord) => readonly ProcessId[];

/** Its session, and what left that. */
function membersOf(record: ProcessRecord): readonly ProcessId[] {
  return [...sessionMembers(record.pid), ...outsidersOf(record)];
}

/** Those that it started and that lead a session of their own, as `detached: true` makes them. */
function outsidersOf({ pid, lease }: ProcessRecord): readonly ProcessId[] {
  return processesMarked(lease.mark ?? []).filter(({ session }) => session !== pid);
}

class Group implements Running {
  readonly record: ProcessRecord;
  readonly #clock: Clock;
  readonly #members: Members;
  #callbacks: ((exit: Exit) => void)[] = [];
  #leaderExit: Exit | null = null;
  #gone: Exit | null = null;
  #watched = false;
  /** We asked it to end, so what is left of the group gets the rest of the stop time. */
  #asked = false;
  /** When the first SIGKILL was sent. */
  #killedAt: number | null = null;
  #spares = false;

  constructor(record: ProcessRecord, clock: Clock, members: Members = membersOf) {
    this.record = record;
    this.#clock = clock;
    this.#members = members;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#gone) return;
    this.#asked = true;
    if (signal === 'SIGKILL') this.#killedAt ??= this.#clock.now();
    if (this.#leaderExit === null && !isAlive(this.record)) this.look();
    else if (this.#spares) send(this.record.pid, signal);
    else this.#toGroup(signal);
  }

  notify(signal: NodeJS.Signals): boolean {
    if (this.#leaderExit !== null || !isAlive(this.record)) return false;
    send(this.record.pid, signal);
    return true;
  }

  spareChildren(): void {
    this.#spares = true;
  }

  onExit(callback: (exit: Exit) => void): void {
    if (this.#gone) callback(this.#gone);
    else this.#callbacks.push(callback);
  }

  look(): void {
    if (this.#watched && this.#leaderExit === null && !isAlive(this.record)) {
      this.leaderExited(notedExit(this.record));
    }
  }

  /** For a process that is not our child: there is no event, so look now and then. */
  watch(): void {
    this.#watched = true;
    const again = () => {
      if (this.#leaderExit) return;
      this.look();
      if (!this.#leaderExit) this.#clock.after(ADOPTED_POLL_MS, again);
    };
    this.#clock.after(0, again);
  }

  leaderExited(exit: Exit): void {
    if (this.#leaderExit) return;
    this.#leaderExit = exit;
    this.#awaitGroup(exit, this.#clock.now());
  }

  /** When it was asked to end, the rest of the group has the time that the machine gives it; then comes `kill`. */
  #awaitGroup(exit: Exit, since: number): void {
    const left = this.#spares ? [] : this.#members(this.record);
    if (left.length > 0 && !this.#isInVain(since)) {
      if (!this.#asked) this.#toGroup('SIGKILL');
      const { least, most, partOfWait } = GROUP_POLL_MS;
      const pause = Math.min(most, Math.max(least, (this.#clock.now() - since) * partOfWait));
      this.#clock.after(pause, () => this.#awaitGroup(exit, since));
      return;
    }
    this.#gone = exit;
    for (const callback of this.#callbacks) callback(exit);
    this.#callbacks = [];
  }

  /** SIGKILL has had its time. `since`: when the leader ended. */
  #isInVain(since: number): boolean {
    const killedAt = this.#asked ? this.#killedAt : since;
    return killedAt !== null && this.#clock.now() >= Math.max(killedAt, since) + GROUP_WAIT_MS;
  }

  #toGroup(signal: NodeJS.Signals): void {
    send(-this.record.pid, signal);
    // Those that went into a group of their own are still of our session: they learn of it from their parents.
    const others = signal === 'SIGKILL' ? this.#members(this.record) : outsidersOf(this.record);
    for (const member of others) send(member.pid, signal);
  }
}

/** Ends the children of an instance that died while there was no daemon: nobody else knows them. */
export function endLeftovers(record: ProcessRecord): void {
  // As long as a session has members its id is not given to a new process.
  const left = identify(record.pid) ? outsidersOf(record) : membersOf(record);
  for (const { pid } of left) send(pid, 'SIGKILL');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it is gone. EPERM: on macOS, when only zombies are left.
    if (!isSystemError(error) || (error.code !== 'ESRCH' && error.code !== 'EPERM')) throw error;
  }
}

/** Why a program could not be started, for people. */
export function describeSpawnError(error: unknown, file: string, cwd: string): string {
  if (!isSystemError(error))
    return `cannot start "${file}": ${error instanceof Error ? error.message : String(error)}`;
  switch (error.code) {
    case 'ENOENT':
      return `cannot start "${file}": no such program, or the working directory "${cwd}" is missing (ENOENT)`;
    case 'EACCES':
      return `cannot start "${file}": it may not be executed by this user (EACCES)`;
    case 'EAGAIN':
      return `cannot start "${file}": the machine allows no more processes for this user (EAGAIN)`;
    case 'ENOMEM':
      return `cannot start "${file}": out of memory (ENOMEM)`;
    default:
      return `cannot start "${file}": ${error.message}`;
  }
}
