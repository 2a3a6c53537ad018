/** What an app becomes in Nomad: a group with its number, its port, its checks, and one task. */
import type { Plan, Probe } from '../../config/plan.ts';
import { type Block, block, type Directive } from '../blocks.ts';
import { traefikLabels } from '../containers/traefik-labels.ts';
import type { Workload } from '../containers/workload.ts';
import { list, set, text } from './hcl.ts';
import { task } from './task.ts';

/** Until nobody sends requests to one that goes. */
const LEAVE_SECONDS = 5;

export function group(plan: Plan, workload: Workload, job: string): Block {
  const { app, name, port } = workload;
  return block(
    `group ${text(name)}`,
    set('count', app.autostart ? app.instances : 0),
    ...(port === null
      ? []
      : [
          block('network', block('port "http"', set('to', port))),
          set('shutdown_delay', `${LEAVE_SECONDS}s`),
          service(plan, workload),
        ]),
    ...restarts(workload),
    ...update(workload),
    task(workload, job),
  );
}

/** Where it differs from that of the job. */
function update({ app, port }: Workload): Directive[] {
  if (!app.autostart) return [block('update', set('canary', 0), set('auto_promote', false))];
  return port === null ? [block('update', set('health_check', 'task_states'))] : [];
}

function service(plan: Plan, workload: Workload): Block {
  const labels = Object.entries(traefikLabels(plan, workload)).filter(
    // Nomad tells Traefik the port, which is another one for each instance.
    ([key]) => !key.endsWith('.server.port'),
  );
  const probe = workload.health ?? workload.ready;
  return block(
    'service',
    set('name', workload.name),
    set('provider', 'nomad'),
    set('port', 'http'),
    ...(labels.length > 0 ? [`tags = ${list(labels.map(([key, value]) => `${key}=${value}`))}`] : []),
    check(workload, probe?.kind === 'http' ? probe : { kind: 'tcp', port: null }),
  );
}

function check({ app, port }: Workload, probe: Exclude<Probe, { kind: 'command' }>): Block {
  const { everyMs, timeoutMs, failures } = app.health ?? { everyMs: 10_000, timeoutMs: 5000, failures: 3 };
  const own = probe.port === null || probe.port === port;
  const asks = probe.kind === 'http' && own;
  return block(
    'check',
    set('type', asks ? 'http' : 'tcp'),
    ...(asks ? [set('path', probe.path)] : []),
    set('interval', `${Math.max(1000, everyMs)}ms`),
    set('timeout', `${Math.max(1000, timeoutMs)}ms`),
    ...(app.health
      ? [block('check_restart', set('limit', failures), set('grace', `${app.readyTimeoutMs}ms`))]
      : []),
  );
}

/** Nomad wants the interval to be long enough for all attempts. */
function restarts({ app: { restart } }: Workload): Directive[] {
  const never = block('reschedule', set('attempts', 0), set('unlimited', false));
  if (restart.when === 'never') return [block('restart', set('attempts', 0), set('mode', 'fail')), never];
  const { crashes, withinMs } = restart.giveUp;
  const delayMs = Math.max(restart.delayMs, restart.backoffMinMs);
  return [
    block(
      'restart',
      set('attempts', crashes),
      set('interval', `${Math.max(5000, withinMs, (crashes + 1) * delayMs)}ms`),
      set('delay', `${delayMs}ms`),
      set('mode', 'fail'),
    ),
  ];
}
