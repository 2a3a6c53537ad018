/** Runs one program of a deploy, in a session of its own, and ends all of it when the deploy is given up. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HoldfastError } from '../errors.ts';
import { bootId, environOf, type ProcessId, readStat, sessionMembers } from '../kit/proc.ts';
import { lastWords } from './last-words.ts';

export interface ProgramOrder {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** For messages: as it was written. */
  readonly words: string;
  /** Directory of the release's record, where what runs is noted: whoever finds the release given up ends it. */
  readonly records: string;
  readonly signal: AbortSignal;
  /** Exit codes that are no failure, besides 0. */
  readonly alsoGood?: readonly number[];
  readonly onOut: (line: string) => void;
  readonly onErr: (line: string) => void;
}

const RUNNING = 'running.json';
/** Kept for messages, which take less of it: a stack alone may have dozens. */
const LAST_LINES = 100;
/** How long what the program has started may still write after its end, before it is ended, too. */
const LEFTOVERS_MS = 1000;
/** In the environment of a program and of all that it starts: which run this is. */
const MARK = 'HOLDFAST_STEP';

/** What runs, as it is noted. */
interface Running extends ProcessId {
  /** Pids mean nothing after the next one. */
  readonly boot: string;
  readonly mark: string;
}

/**
 * What the program leaves running in its session is ended with it: a step is over when it is over.
 *
 * @throws HoldfastError STEP_FAILED with the last lines; the signal's reason when it was given up
 */
export async function runProgram(order: ProgramOrder): Promise<void> {
  const { file, args, cwd, env, words, records, signal, alsoGood = [], onOut, onErr } = order;
  signal.throwIfAborted();
  const mark = randomUUID();
  const child = spawn(file, [...args], {
    cwd,
    env: { ...env, [MARK]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = endOf(child);
  const closed = new Promise((resolve) => child.once('close', resolve));
  // It may have ended already, and have left others.
  const stat = readStat(child.pid ?? 0);
  const id: Running | null = stat ? { pid: stat.pid, startTime: stat.startTime, boot: bootId(), mark } : null;
  const end = () => id && endSession(id, () => true);
  signal.addEventListener('abort', end, { once: true });
  const last: string[] = [];
  const each = (next: (line: string) => void) => (line: string) => {
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
    next(line);
  };
  createInterface(child.stdout).on('line', each(onOut));
  createInterface(child.stderr).on('line', each(onErr));
  try {
    if (id) writeFileSync(join(records, RUNNING), JSON.stringify(id), { mode: 0o600 });
    const { code, killedBy } = await ended.catch((error: Error) => {
      throw new HoldfastError('STEP_FAILED', `Cannot run "${words}": ${error.message}`);
    });
    await allRead(child, closed, end);
    signal.throwIfAborted();
    if (code === 0 || (code !== null && alsoGood.includes(code))) return;
    const why = killedBy === null ? `ended with code ${code}` : `was ended by ${killedBy}`;
    throw new HoldfastError('STEP_FAILED', `"${words}" ${why}`, { details: lastWords(last) });
  } finally {
    signal.removeEventListener('abort', end);
    end();
    rmSync(join(records, RUNNING), { force: true });
  }
}

interface End {
  readonly code: number | null;
  readonly killedBy: string | null;
}

function endOf(child: ChildProcess): Promise<End> {
  const ended = new Promise<End>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, killedBy) => resolve({ code, killedBy }));
  });
  // Whoever waits for it may have failed before.
  ended.catch(() => {});
  return ended;
}

/** Until all that it wrote has been read; what else holds its pipes is waited for no longer than a moment. */
async function allRead(child: ChildProcess, closed: Promise<unknown>, end: () => void): Promise<void> {
  const leave = setTimeout(end, LEFTOVERS_MS);
  // What has left the session is not ours to end, and not waited for.
  const give = setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, 2 * LEFTOVERS_MS);
  await closed;
  clearTimeout(leave);
  clearTimeout(give);
}

/** Of a release that was given up: what still runs for it. */
export function endRunning(records: string, readFile: (path: string) => string): void {
  try {
    const id = JSON.parse(readFile(join(records, RUNNING))) as Running;
    // When its first process has ended, the session may be another one by now.
    const isOurs = (pid: number) => environOf(pid).includes(`${MARK}=${id.mark}`);
    if (id.boot === bootId()) endSession(id, isOurs);
  } catch {
    // Nothing runs.
  }
  rmSync(join(records, RUNNING), { force: true });
}

/** @param isOurs asked for those who have survived the first process of their session */
function endSession(id: ProcessId, isOurs: (pid: number) => boolean): void {
  // A later process with its number is not of the same session.
  const members = sessionMembers(id.pid);
  const leader = members.find(({ pid }) => pid === id.pid);
  if (leader && leader.startTime !== id.startTime) return;
  for (const { pid } of members) {
    if (!leader && !isOurs(pid)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}
