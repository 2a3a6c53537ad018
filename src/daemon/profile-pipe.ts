/** One profile on its way: the guest writes it into a FIFO, and it goes to the disk as it comes. */
import { execFile } from 'node:child_process';
import { chownSync, closeSync, constants, createWriteStream, openSync, readSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProfilePipe {
  /** The writer has closed it, and everything is in the file; rejects when it cannot be written. */
  readonly ended: Promise<void>;
  bytes(): number;
  /** No more of it is wanted; what came is in the file. */
  close(): void;
}

/**
 * Makes the FIFO and reads it into `file`, mode 0600.
 *
 * @param uid who writes into it; null: the daemon's own user
 */
export async function openProfilePipe(path: string, uid: number | null, file: string): Promise<ProfilePipe> {
  rmSync(path, { force: true });
  await run('mkfifo', ['-m', '600', '--', path]);
  let bytes = 0;
  // O_NOFOLLOW: the directory is that of another user, who could put something else there.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  if (uid !== null) chownSync(path, uid, -1);
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const source = new Socket({ fd, readable: true, writable: false });
  const ended = pipeline(source, counter, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  ended.catch(() => undefined);
  return {
    ended,
    bytes: () => bytes,
    close() {
      source.destroy();
      rmSync(path, { force: true });
    },
  };
}

/** All formats are JSON objects: one that does not end as such was cut off. */
export function isWhole(file: string, bytes: number): boolean {
  if (bytes < 2) return false;
  const fd = openSync(file, constants.O_RDONLY);
  try {
    const end = Buffer.alloc(16);
    const length = readSync(fd, end, 0, end.length, Math.max(0, bytes - end.length));
    return end.toString('latin1', 0, length).trimEnd().endsWith('}');
  } finally {
    closeSync(fd);
  }
}
