/** The stdin of an instance that can be written to: a named pipe, so that the next daemon finds it again. */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { HoldfastError, isSystemError } from '../errors.ts';
import { type Clock, systemClock } from '../kit/clock.ts';

const run = promisify(execFile);

/** @returns the descriptor for the process; it has it for writing as well, so it never sees the end */
export async function openStdin(path: string): Promise<number> {
  rmSync(path, { force: true });
  await run('mkfifo', ['-m', '600', '--', path]);
  return openSync(path, constants.O_RDWR);
}

const RETRY_MS = 20;
const PATIENCE_MS = 5000;

/**
 * Writes all of it, waiting for a while for a program that is slow to read.
 *
 * @param path as the lease has it
 * @throws HoldfastError BUSY when it does not read
 */
export async function writeStdin(
  path: string,
  text: string,
  instance: string,
  clock: Clock = systemClock,
): Promise<void> {
  const fd = openPipe(path, instance);
  try {
    let rest: Uint8Array = Buffer.from(text);
    const end = clock.now() + PATIENCE_MS;
    while (rest.length > 0) {
      const written = writeSome(fd, rest);
      rest = rest.subarray(written);
      if (written > 0) continue;
      if (clock.now() > end) {
        throw new HoldfastError('BUSY', `Cannot write to "${instance}": it does not read its input`);
      }
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
  } finally {
    closeSync(fd);
  }
}

function openPipe(path: string, instance: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (cause) {
    // ENXIO: nobody has it open for reading.
    throw new HoldfastError('BUSY', `Cannot write to "${instance}": it has closed its input`, { cause });
  }
}

function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if (isSystemError(error) && error.code === 'EAGAIN') return 0;
    throw error;
  }
}
