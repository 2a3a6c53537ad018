/**
 * Sees where the event loop is stuck. A program that is blocked cannot say so itself, and Node handles signals in the event
 * loop, so a thread of our own watches a counter that the main thread raises. When it stands still for too long, the thread
 * stops the main thread as a debugger does, notes the stack, and lets it go on. Only for apps with a watchdog: the thread
 * takes 8 to 16 MB.
 */
import type * as Path from 'node:path';
import type { Worker as WorkerClass } from 'node:worker_threads';
import type { QuietlyModule } from './quietly.cts';

const path: typeof Path = require('node:path');
const { quiet, quietly }: QuietlyModule = require('./quietly.cjs');

/** What the thread is told. */
interface WatcherOrders {
  /** Three numbers: beats, 1 while a debugger is open, and the last profile that one of the threads has taken on. */
  readonly shared: SharedArrayBuffer;
  readonly blockedMs: number;
  /** File for the stack. */
  readonly blocked: string;
  /** Here the daemon asks for a profile of a program that does not hear it. */
  readonly profile: string;
}

const BEATS = 0;
const DEBUGGED = 1;
const PROFILE = 2;
/** Enough for a stack of strings, and little. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 8, stackSizeMb: 1 };

let profiles: Int32Array | null = null;

/** Whether this thread is the one that takes this profile. */
function claimProfile(id: number, state = profiles): boolean {
  if (state === null) return true;
  const last = Atomics.load(state, PROFILE);
  return last !== id && Atomics.compareExchange(state, PROFILE, last, id) === last;
}

/** `isDebugged` is asked with every beat. */
function watchLoop(
  blockedMs: number,
  { blocked, profile }: Pick<WatcherOrders, 'blocked' | 'profile'>,
  isDebugged: () => boolean,
): void {
  const shared = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
  const state = new Int32Array(shared);
  profiles = state;
  const beat = (): void => {
    Atomics.store(state, DEBUGGED, isDebugged() ? 1 : 0);
    Atomics.add(state, BEATS, 1);
  };
  setInterval(quiet(beat), Math.min(250, blockedMs / 4)).unref();
  // When the app's own code has run: the start of the thread must not delay it.
  setTimeout(
    quiet(() => startThread({ shared, blockedMs, blocked, profile })),
    0,
  ).unref();
}

function startThread(orders: WatcherOrders): void {
  const { Worker }: { readonly Worker: typeof WorkerClass } = require('node:worker_threads');
  const thread = new Worker(path.join(__dirname, 'watcher-thread.cjs'), {
    workerData: orders,
    argv: [],
    execArgv: [],
    env: {},
    resourceLimits: LIMITS,
  });
  thread.unref();
  // Without the thread the daemon still sees that it is blocked, only not where.
  thread.on('error', () => quietly(() => void thread.terminate()));
}

const exported = { watchLoop, claimProfile, BEATS, DEBUGGED };
export type WatcherModule = typeof exported;
export type { WatcherOrders };

module.exports = exported;
