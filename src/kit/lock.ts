/**
 * One process at a time. Locks are numbered: a dead owner's lock N is overtaken by creating N + 1, which the kernel lets exactly
 * one process do. (Removing a stale lock and creating it again would let two processes believe they had won.) A lock is a
 * symbolic link that points to the name of its owner: made whole in one step, and on a full disk, too.
 */
import { readdirSync, readlinkSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { bootId, identify, isAlive, type ProcessId } from './proc.ts';

interface Owner extends ProcessId {
  readonly boot: string;
}

export interface Lock {
  release(): void;
}

/** The process that has the lock of this name; null when nobody has, or the directory is not there. */
export function lockOwner(dir: string, name: string): ProcessId | null {
  let newest: number | undefined;
  try {
    newest = lockNumbers(dir, name).at(-1);
  } catch {
    return null;
  }
  const owner = newest === undefined ? null : readOwner(join(dir, `${name}.${newest}`));
  return owner && owner.boot === bootId() && isAlive(owner) ? owner : null;
}

/** The lock of this name in a directory, or the process that has it. */
export function takeLock(dir: string, name: string): Lock | { readonly owner: ProcessId } {
  const fileOf = (number: number) => join(dir, `${name}.${number}`);
  const me = { ...(identify(process.pid) ?? { pid: process.pid, startTime: 0 }), boot: bootId() };
  for (;;) {
    const numbers = lockNumbers(dir, name);
    const newest = numbers.at(-1) ?? 0;
    const owner = newest > 0 ? readOwner(fileOf(newest)) : null;
    if (owner && owner.boot === me.boot && isAlive(owner)) return { owner };
    const mine = fileOf(newest + 1);
    if (!created(mine, me)) continue;
    for (const number of numbers) rmSync(fileOf(number), { force: true });
    return { release: () => unlinkSync(mine) };
  }
}

function lockNumbers(dir: string, name: string): number[] {
  return readdirSync(dir)
    .filter((file) => file.startsWith(`${name}.`) && /^\d+$/.test(file.slice(name.length + 1)))
    .map((file) => Number(file.slice(name.length + 1)))
    .sort((a, b) => a - b);
}

function created(file: string, { pid, startTime, boot }: Owner): boolean {
  try {
    symlinkSync(`${pid}:${startTime}:${boot}`, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
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
