/** What files of Compose and of Swarm have in common. */
import type { Probe } from '../../config/plan.ts';
import { probeCommand, type Workload } from '../containers/workload.ts';
import type { Yaml } from '../yaml.ts';

/** What says that it is well: its health check, else what says that it is ready. */
export function probeOf({ health, ready }: Workload): Probe | null {
  return health ?? ready;
}

export function healthcheck(workload: Workload): Yaml | undefined {
  const probe = probeOf(workload);
  if (!probe) return undefined;
  const { everyMs, timeoutMs, failures } = workload.app.health ?? {
    everyMs: 10_000,
    timeoutMs: 5000,
    failures: 3,
  };
  return {
    test: ['CMD', ...probeCommand(probe).map(literal)],
    interval: `${everyMs}ms`,
    timeout: `${timeoutMs}ms`,
    retries: failures,
    start_period: `${workload.app.readyTimeoutMs}ms`,
  };
}

/** Compose puts variables in where it sees a `$`. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}
