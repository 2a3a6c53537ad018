/** Profiles that a person has asked for. Nothing of this is loaded into an app before. */
import type * as Fs from 'node:fs';
import type * as V8 from 'node:v8';
import type { FromChild } from '../protocol/link.ts' with { 'resolution-mode': 'import' };
import type { ProfileOrder } from '../protocol/profile.ts' with { 'resolution-mode': 'import' };
import type { ProfileTakerModule } from './profile-taker.cts';
import type { QuietlyModule } from './quietly.cts';
import type { ReportsModule } from './reports.cts';
import type { WatcherModule } from './watcher.cts';

const fs: typeof Fs = require('node:fs');
const { quiet, quietly }: QuietlyModule = require('./quietly.cjs');
const { messageOf, openPipe, takeProfile, writePipe }: ProfileTakerModule = require('./profile-taker.cjs');
const { claimProfile }: WatcherModule = require('./watcher.cjs');

type Done = (error: string | null) => void;

let running: { readonly id: number; readonly end: () => void } | null = null;

function profile(order: ProfileOrder, tell: (message: FromChild) => void): void {
  const { id, kind } = order;
  // The watcher may have taken it meanwhile, because this thread was blocked.
  if (!claimProfile(id)) return;
  tell({ type: 'profiling', id });
  const done: Done = quiet((error: string | null) => {
    if (running?.id === id) running = null;
    tell({ type: 'profiled', id, error });
  });
  try {
    if (kind === 'heap') writeHeap(order.pipe, done);
    else if (kind === 'report') writeReport(order.pipe, done);
    else running = { id, end: takeProfile({ ...order, kind }, 'main', done) };
  } catch (error) {
    done(messageOf(error));
  }
}

/** Ends it before its time. */
function endProfile(id: number): void {
  if (running?.id === id) quietly(running.end);
}

/** V8 writes it piece by piece, so it is never whole in memory. */
function writeHeap(pipe: string, done: Done): void {
  const v8: typeof V8 = require('node:v8');
  // V8 opens it in a way that would wait for ever when nobody reads.
  const fd = openPipe(pipe);
  try {
    v8.writeHeapSnapshot(pipe);
  } finally {
    fs.closeSync(fd);
  }
  done(null);
}

function writeReport(pipe: string, done: Done): void {
  const { readReport }: ReportsModule = require('./reports.cjs');
  const fd = openPipe(pipe);
  writePipe(fd, JSON.stringify(readReport()), (error) => {
    fs.closeSync(fd);
    done(error);
  });
}

const exported = { profile, endProfile };
export type ProfileModule = typeof exported;
module.exports = exported;
