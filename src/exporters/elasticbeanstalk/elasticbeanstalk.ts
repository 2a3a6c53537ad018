/**
 * AWS Elastic Beanstalk, Node.js on Amazon Linux 2023: a Procfile, option settings
 * (https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options-general.html), and what its nginx must know.
 */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { platformLosses } from '../containers/losses.ts';
import { healthPath } from '../containers/managed.ts';
import { commandLine, processTypes, severalLosses } from '../containers/process-types.ts';
import { mostInstances, type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { shellWord } from '../services/shell.ts';
import { type Yaml, yaml } from '../yaml.ts';
import { words } from './words.ts';

/** Where its nginx looks for the app when nothing is said. */
const PORT = '8080';
/** WebSockets are cut when nothing goes over them for longer; it is 60 s by itself. */
const IDLE_SECONDS = 3600;

export function elasticbeanstalk(plan: Plan, options: ExportOptions): Exported {
  const workloads = workloadsOf(plan, { ...options, places: new Map() }).filter(
    ({ app }) => !app.job && app.autostart,
  );
  const types = processTypes(plan, workloads);
  const web = workloads.find((one) => types.get(one) === 'web');
  const losses = [
    ...platformLosses(plan, options, words),
    ...severalLosses(types),
    ...otherLosses(plan, workloads, web, options),
  ];
  const secrets = [...new Set(workloads.flatMap((one) => one.secrets))];
  const head = comment('#', [
    'Written by `hold export elasticbeanstalk`, to lie in the root of the project, for the platform Node.js on Amazon Linux 2023. Then: eb deploy',
    ...(secrets.length > 0
      ? [
          `In no file: ${secrets.join(', ')}. Keep them in Parameter Store or Secrets Manager, and name their ARNs as environment properties of the environment.`,
        ]
      : []),
    ...(losses.length > 0 ? ['', 'Not in these files:', ...lossLines(losses)] : []),
  ]);
  const settings = yaml({
    option_settings: optionSettings(workloads, web, options),
    container_commands:
      plan.release.migrate === null
        ? undefined
        : { '01_migrate': { command: plan.release.migrate.map(shellWord).join(' '), leader_only: true } },
  });
  return {
    files: [
      { path: '.ebextensions/holdfast.config', text: head + settings, mode: 0o644 },
      {
        path: 'Procfile',
        text: workloads.map((one) => `${types.get(one)}: ${line(one)}\n`).join(''),
        mode: 0o644,
      },
      {
        path: '.platform/nginx/conf.d/holdfast.conf',
        text: `proxy_read_timeout ${IDLE_SECONDS}s;\nproxy_send_timeout ${IDLE_SECONDS}s;\n`,
        mode: 0o644,
      },
    ],
    losses,
  };
}

/** Whether a shell reads the line is not said anywhere, so it brings its own. */
function line(workload: Workload): string {
  return `sh -c ${shellWord(commandLine(workload))}`;
}

function optionSettings(
  workloads: readonly Workload[],
  web: Workload | undefined,
  options: ExportOptions,
): Yaml {
  const app = web?.app;
  const path = app && healthPath(app);
  const instances = app?.instances ?? 1;
  const env = Object.fromEntries(workloads.flatMap((one) => Object.entries(one.env)).toReversed());
  const { everyMs, timeoutMs, failures } = app?.health ?? { everyMs: 10_000, timeoutMs: 5000, failures: 3 };
  const every = within(seconds(everyMs), 5, 300);
  return {
    // New machines are well before the old ones go; when they are not, the old ones stay.
    'aws:elasticbeanstalk:command': { DeploymentPolicy: 'Immutable' },
    'aws:elasticbeanstalk:environment': {
      EnvironmentType: 'LoadBalanced',
      LoadBalancerType: 'application',
    },
    'aws:autoscaling:asg': { MinSize: instances, MaxSize: app ? mostInstances(app, options) : 1 },
    'aws:elbv2:loadbalancer': { IdleTimeout: IDLE_SECONDS },
    'aws:elasticbeanstalk:environment:process:default': {
      HealthCheckPath: path ?? '/',
      HealthCheckInterval: every,
      // It must be shorter than the interval.
      HealthCheckTimeout: within(seconds(timeoutMs), 2, every - 1),
      UnhealthyThresholdCount: within(failures, 2, 10),
      DeregistrationDelay: within(seconds(app?.drainMs ?? 0), 0, 3600),
      StickinessEnabled: app?.sticky === 'cookie' || app?.sticky === 'auto',
    },
    'aws:elasticbeanstalk:application:environment': { ...env, PORT },
  };
}

/** What only the whole of the plan shows. */
function otherLosses(
  plan: Plan,
  workloads: readonly Workload[],
  web: Workload | undefined,
  { project }: ExportOptions,
): Loss[] {
  return [
    ...(plan.release.build !== null || project?.hasBuild
      ? [{ setting: 'release.build', text: 'nothing is built there: upload what is built' }]
      : []),
    ...workloads
      .filter((one) => one !== web)
      .map(({ app }) => ({
        setting: `apps.${app.name}.instances`,
        text: 'one runs on each machine, and there are as many machines as `web` has instances',
      })),
  ];
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
