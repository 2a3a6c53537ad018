/**
 * One daemon a home. Lock files are numbered: a dead owner's lock N is overtaken by creating N + 1, which link(2) lets exactly
 * one process do. (Removing a stale lock and creating it again would let two processes believe they had won.)
 */
import { linkSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '../errors.ts';
import { bootId, identify, isAlive, type ProcessId } from '../kit/proc.ts';

interface Owner extends ProcessId {
  readonly boot: string;
}

export interface Lock {
  release(): void;
}

/** The lock of this home, or the process that has it. */
export function takeLock(runDir: string): Lock | { readonly owner: ProcessId } {
  const me = { ...(identify(process.pid) ?? { pid: process.pid, startTime: 0 }), boot: bootId() };
  const own = join(runDir, `daemon.lock.new-${process.pid}`);
  writeFileSync(own, JSON.stringify(me), { mode: 0o600 });
  try {
    for (;;) {
      const numbers = lockNumbers(runDir);
      const newest = numbers.at(-1) ?? 0;
      const owner = newest > 0 ? readOwner(lockFile(runDir, newest)) : null;
      if (owner && owner.boot === me.boot && isAlive(owner)) return { owner };
      const mine = lockFile(runDir, newest + 1);
      if (!linked(own, mine)) continue;
      for (const number of numbers) unlinkSync(lockFile(runDir, number));
      return { release: () => unlinkSync(mine) };
    }
  } finally {
    unlinkSync(own);
  }
}

function lockFile(runDir: string, number: number): string {
  return join(runDir, `daemon.lock.${number}`);
}

function lockNumbers(runDir: string): number[] {
  return readdirSync(runDir)
    .map((name) => /^daemon\.lock\.(\d+)$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file: string): Owner | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    // Unreadable: written before a power cut, by nobody who still lives.
    return null;
  }
}
