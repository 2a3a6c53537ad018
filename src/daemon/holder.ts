/**
 * The holder keeps what must not be lost when the daemon is killed: copies of the listening sockets and of the reading ends of
 * the log pipes. It is a `sh` that waits for the end of a pipe whose other end is the daemon; when the daemon dies it
 * starts the next one, with all of that inherited, and keeps its own copies until that one has a holder of its own. There is
 * nothing in it that could crash, and it costs about a hundred kilobytes. docs/decisions/0002-the-holder.md has the
 * alternatives that were tried.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import type { Clock } from '../kit/clock.ts';
import { identify } from '../kit/proc.ts';
import type { Address, Door } from './doors.ts';

/** In this variable the next daemon finds, as JSON, what its inherited descriptors are. */
export const HELD_ENV = 'HOLDFAST_HELD';

/** The descriptors from `FIRST_FD` on: first the doors, then the pipes. */
export interface Held {
  readonly doors: readonly Address[];
  readonly pipes: number;
}

const FIRST_FD = 4;
/** The pid of the shell, for the daemon that it starts. */
const PREDECESSOR_ENV = 'HOLDFAST_HOLDER';
/**
 * A daemon that dies before it has a holder of its own is started again, with growing pauses; one that ends well is not. When its Node is
 * not there any more (126 or 127 of sh), the script of `hold boot enable` finds another.
 */
const SCRIPT = [
  'read _ <&3; exec 3<&-; sleep "$1"; rescue=$2; shift 2; pause=0',
  `start() { ${PREDECESSOR_ENV}=$$ "$@"; code=$?`,
  '[ $code -ge 126 ] && [ $code -le 127 ] && [ -x "$rescue" ] || return $code',
  `${PREDECESSOR_ENV}=$$ "$rescue" daemon; }`,
  `until start "$@"; do sleep $pause; pause=$((pause < 30 ? pause * 2 + 1 : 30)); done`,
].join('\n');
/** Several changes at once, as when an app starts, make one new holder. */
const SETTLE_MS = 20;
/** When no process could be started. */
const RETRY_MS = 1000;

export interface HolderOptions {
  readonly clock: Clock;
  /** The command line of the next daemon. */
  daemon(): readonly string[];
  /** The holder that started this daemon; it has done its work when there is another. */
  readonly predecessor: number | null;
  /** Seconds between the death of this daemon and the start of the next; more than 0 when daemons die in a row. */
  readonly delayS: number;
  readonly pidFile: string;
  /** A program that becomes the daemon when called with `daemon`; it need not be there. */
  readonly rescue: string;
  doors(): readonly Door[];
  /** Paths of the FIFOs. */
  pipes(): readonly string[];
  /** What tells that Holdfast lives, see presence.ts. */
  readonly presence: number | null;
}

export class Holder {
  readonly #options: HolderOptions;
  #child: ChildProcess | null = null;
  #predecessor: number | null;
  #cancel: (() => void) | null = null;
  #closed = false;
  /** Holders that were killed and have not ended yet. */
  readonly #ending = new Set<Promise<void>>();

  constructor(options: HolderOptions) {
    this.#options = options;
    this.#predecessor = options.predecessor;
  }

  /** What is to be held has changed. */
  refresh(afterMs = SETTLE_MS): void {
    if (this.#closed || this.#cancel) return;
    this.#cancel = this.#options.clock.after(afterMs, () => {
      this.#cancel = null;
      this.#replace();
    });
  }

  /** Holds what is to be held, and resolves when nobody holds anything else any more. */
  async settled(): Promise<void> {
    if (this.#cancel) {
      this.#cancel();
      this.#cancel = null;
      this.#replace();
    }
    await Promise.all(this.#ending);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    const child = this.#child;
    this.#child = null;
    child?.kill('SIGKILL');
    this.#endPredecessor();
    rmSync(this.#options.pidFile, { force: true });
  }

  /** The new one is there before the old one goes. */
  #replace(): void {
    const old = this.#child;
    const { delayS, pidFile, presence, rescue } = this.#options;
    const daemon = this.#options.daemon();
    const doors = this.#options.doors();
    const pipes = openPipes(this.#options.pipes());
    const alive = presence === null ? [] : [presence];
    const held: Held = {
      doors: doors.map(({ host, port }) => ({ host, port })),
      pipes: pipes.length + alive.length,
    };
    let child: ChildProcess;
    try {
      child = spawn('/bin/sh', ['-c', SCRIPT, 'holdfast-holder', String(delayS), rescue, ...daemon], {
        cwd: '/',
        detached: true,
        env: { ...process.env, [HELD_ENV]: JSON.stringify(held) },
        stdio: ['ignore', 'inherit', 'inherit', 'pipe', ...doors.map(({ fd }) => fd), ...pipes, ...alive],
      });
    } catch {
      // Most shortages are said by an event, but not all of them (ENOMEM).
      this.refresh(RETRY_MS);
      return;
    } finally {
      for (const fd of pipes) closeSync(fd);
    }
    child.on('error', () => this.refresh(RETRY_MS));
    // The machine is out of processes: the old one holds most of it.
    if (child.pid === undefined) return;
    child.on('exit', () => {
      if (this.#child === child) this.refresh();
    });
    child.unref();
    this.#child = child;
    const id = identify(child.pid) ?? { pid: child.pid, startTime: 0 };
    ignoringErrors(() => writeAtomicSync(pidFile, JSON.stringify(id), { sync: false }));
    if (old) this.#retire(old);
    this.#endPredecessor();
  }

  #retire(holder: ChildProcess): void {
    if (holder.exitCode !== null || holder.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
    this.#ending.add(ended);
    void ended.then(() => this.#ending.delete(ended));
    holder.kill('SIGKILL');
  }

  #endPredecessor(): void {
    const pid = this.#predecessor;
    this.#predecessor = null;
    // As long as it lives it is our parent; otherwise the pid may be somebody else's by now.
    if (pid !== null && pid === process.ppid) ignoringErrors(() => process.kill(pid, 'SIGKILL'));
  }
}

/** What the holder passed on to a daemon. */
export interface Inheritance {
  readonly doors: readonly Door[];
  /** To be closed when the daemon has opened the pipes itself. */
  readonly pipes: readonly number[];
  /** Pid of that holder. */
  readonly holder: number | null;
}

export function takeHeld(env: NodeJS.ProcessEnv): Inheritance {
  const text = env[HELD_ENV];
  const holder = Number(env[PREDECESSOR_ENV]) || null;
  delete env[HELD_ENV];
  delete env[PREDECESSOR_ENV];
  if (text === undefined) return { doors: [], pipes: [], holder };
  const held = JSON.parse(text) as Held;
  const doors = held.doors.map((address, index) => ({ ...address, fd: FIRST_FD + index }));
  const pipes = Array.from({ length: held.pipes }, (_, index) => FIRST_FD + doors.length + index);
  return { doors, pipes, holder };
}

/** Only for reading, so that we are no writer whose presence would hide the end of the output. */
function openPipes(paths: readonly string[]): number[] {
  const fds: number[] = [];
  for (const path of paths) {
    ignoringErrors(() => fds.push(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)));
  }
  return fds;
}

function ignoringErrors(action: () => unknown): void {
  try {
    action();
  } catch {
    // A pipe that is gone has nothing to lose; a pid file that cannot be written (disk full) only slows the CLI down.
  }
}
