/**
 * A home that starts with the machine is the init system's: it starts the daemon also when a command wants one, so that it always has
 * the same rights, limits and environment.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, type ProcessId } from '../kit/proc.ts';
import { type BootRecord, bootRecordPath, type PresenceWord, parseBootRecord } from '../protocol/boot.ts';
import { homePaths } from '../protocol/home.ts';

const LEAVE_TIMEOUT_MS = 5_000;

/** Whether somebody was found who starts one now. */
export async function askInit(home: string, uid = process.getuid?.()): Promise<boolean> {
  if (tellInit(home, 'start')) return true;
  const record = readBootRecord(home);
  if (!record || (record.scope === 'system' && uid !== 0)) return false;
  return succeeds(record.start);
}

/**
 * The script that an init system keeps will not end the daemon when it is ended itself. True when there is one, and it has
 * understood.
 */
export async function askToLeave(home: string): Promise<boolean> {
  const { leaving } = homePaths(home);
  if (!tellInit(home, 'leave')) return false;
  const deadline = Date.now() + LEAVE_TIMEOUT_MS;
  while (!existsSync(leaving) && Date.now() < deadline) await new Promise((next) => setTimeout(next, 15));
  return existsSync(leaving);
}

/** Says a word to the script that an init system keeps; false when there is none. */
export function tellInit(home: string, word: PresenceWord): boolean {
  try {
    // Refused with ENXIO when nobody reads, fifo(7).
    const fd = openSync(homePaths(home).alive, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(fd).isFIFO()) return false;
      writeSync(fd, `${word}\n`);
      return true;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

export function readBootRecord(home: string): BootRecord | undefined {
  try {
    return parseBootRecord(readFileSync(bootRecordPath(home), 'utf8'));
  } catch {
    return undefined; // it is started by hand
  }
}

/** The home starts with the machine, and nothing of it runs: the init was told to stop it. */
export function isStoppedByInit(home: string): boolean {
  if (!readBootRecord(home)) return false;
  try {
    const text = readFileSync(join(homePaths(home).state, 'instances.json'), 'utf8');
    const { instances } = JSON.parse(text) as { instances: { process: ProcessId | null }[] };
    return !instances.some(({ process }) => process !== null && isAlive(process));
  } catch {
    return true;
  }
}

function succeeds([program, ...args]: readonly string[]): Promise<boolean> {
  if (program === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}
