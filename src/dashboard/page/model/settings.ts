/** The settings of an app as rows for people: what is as it always is, is left out. */
import type { AppPlan, Probe } from '../../../config/plan.ts';
import { formatSize, formatTime, plural } from './format.ts';

export type Row = readonly [name: string, value: string];

export function settingRows(plan: AppPlan): readonly Row[] {
  const { command, restart, rights, memory, log } = plan;
  const rows: (Row | false | null)[] = [
    [
      'Command',
      [...(command.node ? ['node', ...command.nodeArgs] : []), command.file, ...command.args].join(' '),
    ],
    ['Directory', plan.cwd],
    plan.node && ['Node', plan.node.found?.version ?? plan.node.wanted],
    ['Instances', String(plan.instances)],
    plan.port !== null && [
      'Port',
      `${plan.port}${plan.portStep ? `, +${plan.portStep} for each instance` : ''}`,
    ],
    plan.namespace !== null && ['Namespace', plan.namespace],
    plan.after.length > 0 && ['After', plan.after.join(', ')],
    plan.job && ['Runs', `${plan.job.expression}${plan.job.timezone ? ` (${plan.job.timezone})` : ''}`],
    ['Ready', readyText(plan)],
    [
      'Health',
      plan.health
        ? `${probeText(plan.health.probe)} every ${formatTime(plan.health.everyMs)}, replaced after ${plural(plan.health.failures, 'failure')}`
        : 'by running',
    ],
    plan.watchdogMs !== null && ['Watchdog', `event loop blocked for ${formatTime(plan.watchdogMs)}`],
    [
      'Stop',
      `${plan.stop.message ? 'message `shutdown`' : plan.stop.signal}, then SIGKILL after ${formatTime(plan.stop.timeoutMs)}`,
    ],
    [
      'Restart',
      `${restart.when}, after ${formatTime(restart.backoffMinMs)} to ${formatTime(restart.backoffMaxMs)}; gives up after ${plural(restart.giveUp.crashes, 'crash', 'crashes')} in ${formatTime(restart.giveUp.withinMs)}`,
    ],
    restart.at && ['Replaced at', restart.at.expression],
    memory.softBytes !== null && ['Memory, replaced at', formatSize(memory.softBytes)],
    memory.hardBytes !== null && ['Memory, at most', formatSize(memory.hardBytes)],
    rights.cpu !== null && ['CPU, at most', plural(rights.cpu, 'core')],
    rights.user !== null && ['User', `${rights.user}${rights.group === null ? '' : `:${rights.group}`}`],
    rights.permissions && ['Permissions', 'only what is listed'],
    plan.sticky !== 'none' && plan.sticky !== 'auto' && ['Sticky', plan.sticky],
    plan.watch && ['Watches', plan.watch.paths.join(', ')],
    ['Log', `${formatSize(log.rotateBytes)} a file, ${log.keep} kept, ${formatSize(log.totalBytes)} in all`],
    plan.release !== null && ['Release', plan.release],
    plan.project !== null && ['Project', plan.project],
  ];
  return rows.filter((row): row is Row => Boolean(row));
}

/** Variables that the configuration sets; those that look secret come masked from the server. */
export function variableRows(plan: AppPlan): readonly Row[] {
  const secrets = Object.entries(plan.secrets).map(([name, file]): Row => [name, `from ${file}`]);
  return [...Object.entries(plan.env), ...secrets].sort(([a], [b]) => (a < b ? -1 : 1));
}

function readyText({ ready, readyTimeoutMs }: AppPlan): string {
  const when = {
    auto: 'when it listens, or runs',
    listen: 'when it listens',
    started: 'when it runs',
    message: "after process.send('ready')",
    notify: 'after READY=1 (sd_notify)',
    probe: 'probe',
  }[ready.by];
  return `${ready.by === 'probe' ? probeText(ready.probe) : when}, within ${formatTime(readyTimeoutMs)}`;
}

function probeText(probe: Probe): string {
  if (probe.kind === 'command') return `\`${probe.args.join(' ')}\``;
  const port = probe.port === null ? '' : ` on port ${probe.port}`;
  return probe.kind === 'http' ? `GET ${probe.path}${port}` : `connect${port}`;
}
