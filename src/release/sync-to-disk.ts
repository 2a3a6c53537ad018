/**
 * A release on the disk for good, before it serves: after a power cut it must not be there with files that are empty. One call for the
 * whole file system (syncfs(2), by way of sync(1)), since one for each file would take minutes.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const runFile = promisify(execFile);

/** Does what this machine can do: a system without sync(1) is no reason not to deploy. */
export async function syncToDisk(
  dir: string,
  run: (file: string, args: string[]) => Promise<unknown> = runFile,
): Promise<void> {
  try {
    await run('sync', ['-f', dir]);
  } catch {
    // Not everywhere can it be told which file system is meant.
    await run('sync', []).catch(() => {});
  }
}
