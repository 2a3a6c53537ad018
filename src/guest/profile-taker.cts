/**
 * Takes a CPU profile or a sampling of allocations of the main thread by Node's inspector, within the process: no port is opened. It
 * works from the main thread, and from another one while the main thread is blocked. The result goes into a pipe that the daemon reads.
 */
import type * as Fs from 'node:fs';
import type * as Inspector from 'node:inspector';
import type { ProfileOrder } from '../protocol/profile.ts' with { 'resolution-mode': 'import' };

const fs: typeof Fs = require('node:fs');

/** Commands of the Chrome DevTools protocol. */
const COMMANDS = {
  cpu: { begin: [['Profiler.enable'], ['Profiler.start']], end: 'Profiler.stop' },
  alloc: {
    // A sample for each 32 KB or so, as DevTools does.
    begin: [['HeapProfiler.startSampling', { samplingInterval: 32_768 }]],
    end: 'HeapProfiler.stopSampling',
  },
} as const;
/** A reader that takes nothing for so long has no use for it. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 2;

type Done = (error: string | null) => void;

/**
 * `done` is called once, with what went wrong or null.
 *
 * @returns ends it before its time
 * @throws Error when it cannot begin
 */
function takeProfile(
  { kind, forMs, pipe }: ProfileOrder & { readonly kind: keyof typeof COMMANDS },
  from: 'main' | 'other',
  done: Done,
): () => void {
  const inspector: typeof Inspector = require('node:inspector');
  const fd = openPipe(pipe);
  const session = new inspector.Session();
  let over = false;
  const finish: Done = (error) => {
    session.disconnect();
    fs.closeSync(fd);
    done(error);
  };
  const stop = (): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    session.post(COMMANDS[kind].end, (error: Error | null, result?: object) => {
      if (error) finish(error.message);
      else writePipe(fd, JSON.stringify((result as { profile?: object }).profile), finish);
    });
  };
  const timer = setTimeout(stop, forMs);
  timer.unref();
  try {
    if (from === 'main') session.connect();
    else session.connectToMainThread();
    for (const [command, parameters] of COMMANDS[kind].begin) {
      session.post(command, parameters, (error: Error | null) => {
        if (!error || over) return;
        over = true;
        clearTimeout(timer);
        finish(error.message);
      });
    }
  } catch (error) {
    over = true;
    clearTimeout(timer);
    fs.closeSync(fd);
    throw error;
  }
  return stop;
}

/**
 * Open without a wait for the other end, so that this process never hangs when the daemon has gone.
 *
 * @throws ENXIO when nobody reads
 */
function openPipe(path: string): number {
  return fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
}

/** Goes on with its work while the pipe is full. */
function writePipe(fd: number, text: string, done: Done): void {
  const bytes = Buffer.from(text);
  let at = 0;
  let waitedMs = 0;
  const write = (): void => {
    try {
      while (at < bytes.length) {
        at += fs.writeSync(fd, bytes, at);
        waitedMs = 0;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN' && waitedMs < PATIENCE_MS) {
        waitedMs += PAUSE_MS;
        setTimeout(write, PAUSE_MS).unref();
      } else done(messageOf(error));
      return;
    }
    done(null);
  };
  write();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const exported = { takeProfile, openPipe, writePipe, messageOf };
export type ProfileTakerModule = typeof exported;
module.exports = exported;
