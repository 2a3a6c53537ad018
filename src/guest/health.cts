/** How the app's process feels: how late the event loop is, and how much heap it uses. It is the heartbeat for the watchdog, too. */
import type * as Inspector from 'node:inspector';
import type { FromChild } from '../protocol/link.ts' with { 'resolution-mode': 'import' };

type Health = Extract<FromChild, { type: 'health' }>;

const SAMPLE_MS = 100;
/** Smaller differences are not worth a message: a hundred idle instances would keep the daemon busy with them. */
const DELAY_NOISE_MS = 20;
const HEAP_NOISE = 0.2;

interface HealthWatch {
  start(): void;
  stop(): void;
}

/**
 * Looks every `everyMs` between `start` and `stop`, and reports what has changed; when nothing has, every `quietMs`. `loopDelayMs` is the greatest lateness of a timer since the
 * last report: one late timer in twenty is what a client feels, an average would hide it. `isDebugged` is asked with every report.
 */
function watchHealth(
  everyMs: number,
  quietMs: number,
  isDebugged: () => boolean,
  report: (health: Health) => void,
): HealthWatch {
  const sampleMs = Math.min(SAMPLE_MS, everyMs);
  let timer: NodeJS.Timeout | undefined;
  let due = 0;
  let worstMs = 0;
  let reportDue = 0;
  let told: Health | undefined;
  let toldAt = 0;

  function sample(): void {
    const now = performance.now();
    worstMs = Math.max(worstMs, now - due);
    due = now + sampleMs;
    if (now < reportDue) return;
    // Half a sample early, or every second one would be late by a whole one.
    reportDue = now + everyMs - sampleMs / 2;
    const health: Health = {
      type: 'health',
      loopDelayMs: Math.round(worstMs * 10) / 10,
      heapBytes: process.memoryUsage().heapUsed,
      ...(isDebugged() && { debugged: true }),
    };
    worstMs = 0;
    if (told && now - toldAt < quietMs - everyMs / 2 && isMuchAlike(health, told)) return;
    told = health;
    toldAt = now;
    report(health);
  }

  return {
    start() {
      clearInterval(timer);
      due = performance.now() + sampleMs;
      reportDue = due + everyMs - sampleMs * 1.5;
      worstMs = 0;
      told = undefined;
      timer = setInterval(sample, sampleMs).unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
}

function isMuchAlike(one: Health, other: Health): boolean {
  return (
    Math.abs(one.loopDelayMs - other.loopDelayMs) < DELAY_NOISE_MS &&
    Math.abs(one.heapBytes - other.heapBytes) < other.heapBytes * HEAP_NOISE &&
    one.debugged === other.debugged
  );
}

/** A debugger can be attached, and may stop the program for as long as a person thinks. */
function isDebugged(): boolean {
  const inspector: typeof Inspector = require('node:inspector');
  return inspector.url() !== undefined;
}

const exported = { watchHealth, isDebugged };
export type HealthModule = typeof exported;
module.exports = exported;
