/** render.yaml (https://render.com/docs/blueprint-spec): a service for each app, built from the Dockerfile. */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { platformLosses } from '../containers/losses.ts';
import { healthPath, managed } from '../containers/managed.ts';
import { isUtcCron, utcCronLost } from '../containers/utc-cron.ts';
import { graceSeconds, type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { shellWord } from '../services/shell.ts';
import { type Yaml, yaml } from '../yaml.ts';

/** Render kills later than this in no case. */
const LONGEST_GRACE = 300;

export function render(plan: Plan, options: ExportOptions): Exported {
  const losses = platformLosses(plan, options, words);
  const head = comment('#', [
    'Written by `hold export render`. It needs the Dockerfile of `hold export dockerfile` beside it. Values of `sync: false` are asked for once, on the dashboard.',
    ...(losses.length > 0 ? ['', 'Not in this file:', ...lossLines(losses)] : []),
  ]);
  const services = workloadsOf(plan, options).flatMap((one) => {
    const isFirst = !one.app.job && one.app.name === Object.values(plan.apps).find(({ job }) => !job)?.name;
    return service(one, isFirst ? plan.release.migrate : null);
  });
  return { files: [{ path: 'render.yaml', text: head + yaml({ services }), mode: 0o644 }], losses };
}

function service(workload: Workload, migrate: readonly string[] | null): Yaml[] {
  const { app, name, env, secrets, port, argv, cwd } = workload;
  if (app.job && !isUtcCron(app.job)) return [];
  return [
    {
      type: app.job ? 'cron' : port === null ? 'worker' : 'web',
      name,
      runtime: 'docker',
      schedule: app.job?.expression,
      // It builds the last stage, which is not that of every app.
      dockerCommand: line(`cd ${shellWord(cwd)} && exec ${argv.map(shellWord).join(' ')}`),
      preDeployCommand: migrate === null ? undefined : migrate.map(shellWord).join(' '),
      numInstances: app.job ? undefined : app.instances,
      healthCheckPath: port === null ? undefined : healthPath(app),
      maxShutdownDelaySeconds: app.job ? undefined : Math.min(Math.max(1, graceSeconds(app)), LONGEST_GRACE),
      envVars: [
        ...Object.entries(env).map(([key, value]) => ({ key, value })),
        ...secrets.map((key) => ({ key, sync: false })),
      ],
    },
  ];
}

/** It has no shell of its own around it. */
function line(script: string): string {
  return `/bin/sh -c ${shellWord(script)}`;
}

const words = managed({
  job: (job) => utcCronLost('Render', job, 'a run is ended after 12 hours'),
  stop: ({ message, signal, ends }) => ({
    signal: signal === 'SIGTERM' ? undefined : 'Render sends SIGTERM',
    message: message ? 'it gets SIGTERM instead' : undefined,
    ends: ends === 'process' ? 'a container ends with its program' : undefined,
  }),
  drainMs: (_, app) =>
    graceSeconds(app) > LONGEST_GRACE ? `it is killed after ${LONGEST_GRACE} s` : undefined,
});
