/** Runs one program of a deploy, in a session of its own, and ends all of it when the deploy is given up. */
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HoldfastError } from '../errors.ts';
import { identify, type ProcessId, sessionMembers } from '../kit/proc.ts';

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
/** For messages. */
const LAST_LINES = 15;

/** @throws HoldfastError STEP_FAILED with the last lines; the signal's reason when it was given up */
export async function runProgram(order: ProgramOrder): Promise<void> {
  const { file, args, cwd, env, words, records, signal, alsoGood = [], onOut, onErr } = order;
  signal.throwIfAborted();
  const child = spawn(file, [...args], {
    cwd,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const id = identify(child.pid ?? 0);
  if (id) writeFileSync(join(records, RUNNING), JSON.stringify(id), { mode: 0o600 });
  const end = () => id && endSession(id);
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
    const { code, killedBy } = await new Promise<{ code: number | null; killedBy: string | null }>(
      (resolve, reject) => {
        child.once('error', reject);
        child.once('close', (exitCode, by) => resolve({ code: exitCode, killedBy: by }));
      },
    ).catch((error: Error) => {
      throw new HoldfastError('STEP_FAILED', `Cannot run "${words}": ${error.message}`);
    });
    signal.throwIfAborted();
    if (code === 0 || (code !== null && alsoGood.includes(code))) return;
    const why = killedBy === null ? `ended with code ${code}` : `was ended by ${killedBy}`;
    throw new HoldfastError('STEP_FAILED', `"${words}" ${why}`, { details: last });
  } finally {
    signal.removeEventListener('abort', end);
    rmSync(join(records, RUNNING), { force: true });
  }
}

/** Of a release that was given up: what still runs for it. */
export function endRunning(records: string, readFile: (path: string) => string): void {
  try {
    endSession(JSON.parse(readFile(join(records, RUNNING))) as ProcessId);
  } catch {
    // Nothing runs.
  }
  rmSync(join(records, RUNNING), { force: true });
}

function endSession(id: ProcessId): void {
  // The leader may have ended before those that it started; a later process with its number is not of the same session.
  const members = sessionMembers(id.pid);
  const leader = members.find(({ pid }) => pid === id.pid);
  if (leader && leader.startTime !== id.startTime) return;
  for (const { pid } of members) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}
