/** What a guest is told to do so that the daemon can see how its instance is: heartbeat, reports, messages, probes. */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AppPlan } from '../config/plan.ts';
import { LONGEST_SOCKET_PATH } from '../protocol/home.ts';
import type { GuestOrders } from '../protocol/link.ts';

/** How often the guest of an app says how its event loop is; the watchdog needs it more often than a person does. */
export function healthEveryMs(watchdogMs: number | null): number {
  return watchdogMs === null ? HEALTH_EVERY_MS : Math.min(HEALTH_EVERY_MS, watchdogMs / 4);
}

export type VitalOrders = Pick<
  GuestOrders,
  'healthEveryMs' | 'watchdogMs' | 'messages' | 'reports' | 'probe'
>;

/** How often the live view wants to know how the event loop is. */
const HEALTH_EVERY_MS = 2000;

/**
 * `runDir` and `reportsDir` must be open to the user that the instance runs as.
 */
export function vitalOrders(
  plan: AppPlan,
  name: string,
  { runDir, reportsDir }: { runDir: string; reportsDir: string | null },
): VitalOrders {
  const { watchdogMs, ready, stop, health } = plan;
  const probes = [health?.probe, ready.by === 'probe' ? ready.probe : undefined];
  const http = probes.find((probe) => probe?.kind === 'http');
  return {
    healthEveryMs: healthEveryMs(watchdogMs),
    watchdogMs,
    messages: ready.by === 'message' || stop.message,
    reports: reportsDir,
    probe: http?.kind === 'http' ? { path: vitalSocket(runDir, name, 'probe'), port: http.port } : null,
  };
}

/** `run/web.0.3.probe`, or a short name when that would be too long for a socket. `name`: `web.0.3`. */
export function vitalSocket(runDir: string, name: string, what: 'probe' | 'notify'): string {
  const readable = join(runDir, `${name}.${what}`);
  if (Buffer.byteLength(readable) <= LONGEST_SOCKET_PATH) return readable;
  return join(runDir, createHash('sha256').update(`${name}.${what}`).digest('hex').slice(0, 12));
}

/** Those of an instance that has ended. */
export function dropVitalSockets(runDir: string, name: string): void {
  for (const what of ['probe', 'notify'] as const) {
    try {
      rmSync(vitalSocket(runDir, name, what), { force: true });
    } catch {
      // A directory, which the instance has put there: it goes with the directory around it.
    }
  }
}
