/**
 * One daemon a home. Locks are numbered: a dead owner's lock N is overtaken by creating N + 1, which the kernel lets exactly
 * one process do. (Removing a stale lock and creating it again would let two processes believe they had won.) A lock is a
 * symbolic link that points to the name of its owner: made whole in one step, and on a full disk, too.
 */
import { readdirSync, readlinkSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
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
  for (;;) {
    const numbers = lockNumbers(runDir);
    const newest = numbers.at(-1) ?? 0;
    const owner = newest > 0 ? readOwner(lockFile(runDir, newest)) : null;
    if (owner && owner.boot === me.boot && isAlive(owner)) return { owner };
    const mine = lockFile(runDir, newest + 1);
    if (!created(mine, me)) continue;
    for (const number of numbers) rmSync(lockFile(runDir, number), { force: true });
    return { release: () => unlinkSync(mine) };
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

function created(file: string, { pid, startTime, boot }: Owner): boolean {
  try {
    symlinkSync(`${pid}:${startTime}:${boot}`, file);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file: string): Owner | null {
  try {
    const [pid, startTime, boot = ''] = readlinkSync(file).split(':');
    return { pid: Number(pid), startTime: Number(startTime), boot };
  } catch {
    // Gone meanwhile, or no link at all.
    return null;
  }
}
