/** The proxy at unix sockets, beside its port. Each has mode 0600: it is for the user whose apps these are. */
import { lstatSync, renameSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { HoldfastError, isSystemError } from '../errors.ts';

export class UnixSockets {
  readonly #open = new Map<string, UnixSocket>();
  readonly #accept: (socket: net.Socket) => void;
  readonly #complain: (error: unknown) => void;

  constructor(accept: (socket: net.Socket) => void, complain: (error: unknown) => void) {
    this.#accept = accept;
    this.#complain = complain;
  }

  /** Listens on these paths, and on no others. One that cannot be had is complained of, and tried again with the next call. */
  async apply(paths: readonly string[]): Promise<void> {
    for (const path of [...this.#open.keys()]) if (!paths.includes(path)) this.#end(path);
    await Promise.all(paths.filter((path) => !this.#open.has(path)).map((path) => this.#begin(path)));
  }

  close(): void {
    for (const path of [...this.#open.keys()]) this.#end(path);
  }

  async #begin(path: string): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true }, this.#accept);
    const opened = new UnixSocket(server, path);
    this.#open.set(path, opened);
    try {
      await opened.listen();
      server.on('error', this.#complain);
    } catch (error) {
      this.#open.delete(path);
      this.#complain(error);
    }
  }

  #end(path: string): void {
    this.#open.get(path)?.close();
    this.#open.delete(path);
  }
}

/** A listening socket with mode 0600 that takes the place of the one at its path, so that a successor leaves no gap. */
export class UnixSocket {
  static #count = 0;
  readonly #server: net.Server;
  readonly #path: string;
  #inode: bigint | null = null;
  #closed = false;

  constructor(server: net.Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** @throws HoldfastError PORT_TAKEN, PORT_DENIED */
  async listen(): Promise<void> {
    UnixSocket.#count += 1;
    const made = join(dirname(this.#path), `.${process.pid}-${UnixSocket.#count}.sock`);
    try {
      // Told before `bind`, for which libuv says EACCES.
      statSync(dirname(this.#path));
      const found = lstatSync(this.#path, { throwIfNoEntry: false });
      if (found && !found.isSocket()) throw cannotListen(this.#path, 'there is a file that is no socket');
      rmSync(made, { force: true });
      await bind(this.#server, made);
      if (this.#closed) return;
      this.#inode = lstatSync(made, { bigint: true }).ino;
      renameSync(made, this.#path);
    } catch (error) {
      this.#server.close();
      if (error instanceof HoldfastError) throw error;
      const why = isSystemError(error) ? (reasons[error.code] ?? error.message) : String(error);
      throw cannotListen(this.#path, why, error);
    }
  }

  /** The file goes, too, unless it is a successor's. */
  close(): void {
    this.#closed = true;
    this.#server.close();
    try {
      if (lstatSync(this.#path, { bigint: true }).ino === this.#inode) rmSync(this.#path);
    } catch {
      // It is gone, or may not be removed: nobody answers there.
    }
  }
}

/** Whether somebody answers at this path. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** The mode is right from the first moment on. */
function bind(server: net.Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.removeListener('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its directory is not there',
  EACCES: 'this user may not write into its directory',
  EROFS: 'its directory cannot be written to',
  ENOTDIR: 'its directory is a file',
};

function cannotListen(path: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('PORT_DENIED', `Cannot listen on the socket "${path}": ${why}`, {
    cause,
    hint: 'Name a path in a directory of your own',
  });
}
