/**
 * The two named pipes (fifo(7)) of an instance. They lie on disk under a name, so a new daemon finds them again, and
 * the app holds them open for reading and writing, so it gets neither SIGPIPE nor EPIPE while nobody reads.
 *
 * What is in a pipe lives as long as anybody has it open. An app that ends while no daemon runs therefore takes its
 * last unread words with it, unless another process has the pipe open too; it should do so only for reading (O_RDONLY |
 * O_NONBLOCK), because a writer would hide from the capture that the output has ended.
 */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError } from '../errors.ts';

const run = promisify(execFile);

/** Paths. Plain data, so that it can be kept in a state file. */
export interface PipePair {
  readonly out: string;
  readonly err: string;
}

/** File descriptors for the `stdio` of a child. */
export interface ChildEnds {
  readonly out: number;
  readonly err: number;
}

/**
 * Makes `<dir>/<name>.out` and `<dir>/<name>.err`, mode 0600, replacing what an earlier instance of this name left.
 * Node has no mkfifo, so the program of that name does it.
 */
export async function makePipes(dir: string, name: string): Promise<PipePair> {
  const pair = { out: join(dir, `${name}.out`), err: join(dir, `${name}.err`) };
  await removePipes(pair);
  try {
    await run('mkfifo', ['-m', '600', '--', pair.out, pair.err]);
  } catch (cause) {
    await removePipes(pair);
    const why = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new HoldfastError('START_FAILED', `Cannot make the log pipes of "${name}" in "${dir}": ${why}`, {
      cause,
    });
  }
  return pair;
}

/** Opens both for a child. Close them with `closeChildEnds` as soon as it is spawned: only then can they end. */
export function openForChild(pair: PipePair): ChildEnds {
  const out = openSync(pair.out, constants.O_RDWR);
  try {
    return { out, err: openSync(pair.err, constants.O_RDWR) };
  } catch (error) {
    closeSync(out);
    throw error;
  }
}

export function closeChildEnds(ends: ChildEnds): void {
  closeSync(ends.out);
  closeSync(ends.err);
}

export async function removePipes(pair: PipePair): Promise<void> {
  await Promise.all([rm(pair.out, { force: true }), rm(pair.err, { force: true })]);
}
