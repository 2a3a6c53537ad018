/**
 * Those who watch the apps beside the supervisor, and ask it or the operations to act: health checks, the watchdog, the clock,
 * file watchers, memory. Each hears every fact, and starts and stops nothing itself.
 */
import type { Clock } from '../kit/clock.ts';
import type { HomePaths } from '../protocol/home.ts';
import type { Supervisor, SupervisorFact } from '../supervisor/supervisor.ts';
import { createHealth } from './guardians/health.ts';
import { createJobs } from './guardians/jobs.ts';
import { createMemory } from './guardians/memory.ts';
import { createRestartClock } from './guardians/restart-clock.ts';
import { createWatch } from './guardians/watch.ts';
import { createWatchdog } from './guardians/watchdog.ts';
import type { Journal } from './journal.ts';
import type { Links } from './links.ts';
import type { Operations } from './operations.ts';
import type { DesiredState } from './state.ts';
import type { Vitals } from './vitals.ts';

export interface Guardian {
  /** Also what the supervisor finds at the start, before the first `changed`: who was adopted, and who ended meanwhile. */
  heard(fact: SupervisorFact): void;
  /** Desired state is another: apps were added, changed, stopped or removed. Also called once at the start. */
  changed(): void;
  close(): void;
}

export interface GuardianContext {
  readonly clock: Clock;
  readonly paths: HomePaths;
  readonly journal: Journal;
  readonly links: Links;
  readonly vitals: Vitals;
  readonly supervisor: Supervisor;
  readonly operations: Operations;
  state(): DesiredState;
  isRouted(app: string): boolean;
}

export function createGuardians(context: GuardianContext): readonly Guardian[] {
  return [
    createJobs(context),
    createRestartClock(context),
    createWatch(context),
    createHealth(context),
    createWatchdog(context),
    createMemory(context),
  ];
}
