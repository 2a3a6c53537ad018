/** What the daemon, the script that an init system keeps, and the commands know of each other. */
import { join } from 'node:path';

/**
 * Lines in the FIFO `run/alive`. From the daemon: `ready` (every app of the desired state runs, or its first attempt is over),
 * `attached` (another daemon runs already), `down` (it ends because of `hold down`). From commands: `start`
 * (a daemon is wanted), `leave` (let go of Holdfast without ending it).
 */
export type PresenceWord = 'ready' | 'attached' | 'down' | 'start' | 'leave';

/** In `state/boot.json`: that this home starts with the machine, and how. */
export interface BootRecord {
  readonly init: string;
  /** `system`, or `user` for a service of one user's own. */
  readonly scope: 'system' | 'user';
  /** Of the service. */
  readonly name: string;
  /** Where the init looks for services, for those that may look anywhere. */
  readonly scanDir: string | null;
  readonly user: string;
  /** Starts the service when it is stopped; empty where that cannot be asked for. */
  readonly start: readonly string[];
  /** That lingering of the user was turned on for it (systemd). */
  readonly linger: boolean;
}

export function bootRecordPath(home: string): string {
  return join(home, 'state', 'boot.json');
}

/** undefined for anything that is not such a record. */
export function parseBootRecord(text: string): BootRecord | undefined {
  try {
    const value = JSON.parse(text) as Partial<BootRecord> | null;
    const { init, scope, name, scanDir = null, user, start, linger = false } = value ?? {};
    if (typeof init !== 'string' || typeof name !== 'string' || typeof user !== 'string') return undefined;
    if (scope !== 'system' && scope !== 'user') return undefined;
    if (!Array.isArray(start) || !start.every((word) => typeof word === 'string')) return undefined;
    return { init, scope, name, scanDir, user, start, linger };
  } catch {
    return undefined;
  }
}
