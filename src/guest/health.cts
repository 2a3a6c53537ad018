/** How the app's process feels: how late the event loop is, and how much heap it uses. */
import type { FromChild } from '../protocol/link.ts' with { 'resolution-mode': 'import' };

type Health = Extract<FromChild, { type: 'health' }>;

const SAMPLE_MS = 100;
const REPORT_MS = 2000;

interface HealthWatch {
  start(): void;
  stop(): void;
}

/**
 * Reports every two seconds between `start` and `stop`. `loopDelayMs` is the greatest lateness of a timer since the
 * last report: one late timer in twenty is what a client feels, an average would hide it.
 */
function watchHealth(report: (health: Health) => void): HealthWatch {
  let timer: NodeJS.Timeout | undefined;
  let due = 0;
  let worstMs = 0;
  let samples = 0;

  function sample(): void {
    const now = performance.now();
    worstMs = Math.max(worstMs, now - due);
    due = now + SAMPLE_MS;
    samples += 1;
    if (samples * SAMPLE_MS < REPORT_MS) return;
    report({
      type: 'health',
      loopDelayMs: Math.round(worstMs * 10) / 10,
      heapBytes: process.memoryUsage().heapUsed,
    });
    worstMs = 0;
    samples = 0;
  }

  return {
    start() {
      clearInterval(timer);
      due = performance.now() + SAMPLE_MS;
      worstMs = 0;
      samples = 0;
      timer = setInterval(sample, SAMPLE_MS).unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
}

const exported = { watchHealth };
export type HealthModule = typeof exported;
module.exports = exported;
