/** The thread of watcher.cts. */
import type * as Fs from 'node:fs';
import type * as Inspector from 'node:inspector';
import type { Debugger } from 'node:inspector';
import type * as Threads from 'node:worker_threads';
import type { ProfileOrder } from '../protocol/profile.ts' with { 'resolution-mode': 'import' };
import type { ProfileTakerModule } from './profile-taker.cts';
import type { WatcherModule, WatcherOrders } from './watcher.cts';

const fs: typeof Fs = require('node:fs');
const inspector: typeof Inspector = require('node:inspector');
const threads: typeof Threads = require('node:worker_threads');
const { BEATS, DEBUGGED, claimProfile }: WatcherModule = require('./watcher.cjs');

/** A stack may be as deep as the program; the innermost frames say where it is. */
const MAX_FRAMES = 50;
/** What is longer may not fit into the memory of this thread. */
const LONGEST_PROFILE_MS = 60_000;

function watch({ shared, blockedMs, blocked, profile }: WatcherOrders): void {
  const state = new Int32Array(shared);
  const everyMs = Math.min(250, blockedMs / 4);
  let beats = -1;
  let since = 0;
  let lookedAt = performance.now();
  let noted = false;

  function look(): void {
    const now = performance.now();
    // The whole process stood still (SIGSTOP, a suspended machine), so that this thread was late, too.
    const wasAsleep = now - lookedAt > everyMs + blockedMs / 2;
    lookedAt = now;
    const current = Atomics.load(state, BEATS);
    if (current === beats && !wasAsleep) takeOrdered(profile, state);
    if (current !== beats || wasAsleep || Atomics.load(state, DEBUGGED) === 1) {
      // It came back in time, or just too late for its watchdog: then this is for nobody.
      if (noted) fs.rmSync(blocked, { force: true });
      beats = current;
      since = now;
      noted = false;
    } else if (!noted && now - since >= blockedMs) {
      noted = true;
      noteStack(blocked);
    }
  }

  setInterval(look, everyMs);
}

/** The main thread is late: what it is asked meanwhile can be done from here. */
function takeOrdered(file: string, state: Int32Array): void {
  if (!fs.existsSync(file)) return;
  try {
    const order: ProfileOrder = JSON.parse(fs.readFileSync(file, 'utf8'));
    fs.rmSync(file);
    if (!claimProfile(order.id, state)) return;
    const { takeProfile }: ProfileTakerModule = require('./profile-taker.cjs');
    const { kind, forMs } = order;
    if (kind !== 'cpu' && kind !== 'alloc') return;
    takeProfile({ ...order, kind, forMs: Math.min(forMs, LONGEST_PROFILE_MS) }, 'other', () => {});
  } catch {
    // It was taken back, or the daemon has gone. This thread has something else to do.
  }
}

/** Stops the main thread, wherever its JavaScript is. One that is in a system call stops when it comes back. */
function noteStack(file: string): void {
  const session = new inspector.Session();
  session.connectToMainThread();
  session.once('Debugger.paused', ({ params }) => {
    const frames = params.callFrames.map((frame) => lineOf(frame, urls));
    // The guest stands between Node and the app, where nobody has use for it.
    const stack = frames.filter((line) => !line.includes(__dirname)).slice(0, MAX_FRAMES);
    write(file, { stack, report: false });
    // Runs on the main thread, so the report has its stack.
    const expression = `process[Symbol.for('holdfast.writeReport')]?.()`;
    session.post('Runtime.evaluate', { expression, silent: true }, () => {
      write(file, { stack, report: true });
      session.disconnect();
    });
  });
  const urls = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}

/** `report`: Node's report is complete, too, unless it could not be written. */
function write(file: string, seen: { readonly stack: readonly string[]; readonly report: boolean }): void {
  fs.writeFileSync(`${file}.new`, JSON.stringify(seen));
  fs.renameSync(`${file}.new`, file);
}

/** As in `error.stack`. */
function lineOf(
  { functionName, location, url }: Debugger.CallFrame,
  urls: ReadonlyMap<string, string>,
): string {
  const script = (url || urls.get(location.scriptId) || '<anonymous>').replace(/^file:\/\//, '');
  const place = `${script}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1}`;
  return functionName === '' ? `at ${place}` : `at ${functionName} (${place})`;
}

if (!threads.isMainThread) watch(threads.workerData as WatcherOrders);
