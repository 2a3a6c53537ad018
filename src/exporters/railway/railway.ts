/** Railway: a file of "config as code" for each service (https://docs.railway.com/config-as-code/reference), built from the Dockerfile. */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { platformLosses, restartLost } from '../containers/losses.ts';
import { healthPath, isAsked, managed } from '../containers/managed.ts';
import { portWords } from '../containers/process-types.ts';
import { tomlText } from '../containers/toml.ts';
import { isUtcCron, utcCronLost } from '../containers/utc-cron.ts';
import { graceSeconds, type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { shellWord } from '../services/shell.ts';

export function railway(plan: Plan, options: ExportOptions): Exported {
  // The ports are the platform's, so none is put in.
  const workloads = workloadsOf(plan, { ...options, places: new Map() }).filter(
    ({ app }) => !app.job || isUtcCron(app.job),
  );
  const losses = platformLosses(plan, options, words);
  const first = workloads.find(({ app }) => !app.job);
  return {
    files: workloads.map((one, index) => ({
      path: `railway/${one.name}.toml`,
      text:
        head(one, index === 0 ? lossLines(losses) : []) +
        file(one, one === first ? plan.release.migrate : null),
      mode: 0o644,
    })),
    losses,
  };
}

function head({ name, secrets }: Workload, losses: readonly string[]): string {
  return comment('#', [
    `Written by \`hold export railway\`. It needs the Dockerfile of \`hold export dockerfile\`. In the settings of the service, "Config as code" must be /railway/${name}.toml.`,
    ...(secrets.length > 0 ? [`Variables to be set there: ${secrets.join(', ')}`] : []),
    ...(losses.length > 0 ? ['', 'Not in these files:', ...losses] : []),
  ]);
}

function file(workload: Workload, migrate: readonly string[] | null): string {
  const { app } = workload;
  const path = app.job ? undefined : healthPath(app);
  const { when, max } = app.restart;
  return [
    '[build]',
    'builder = "DOCKERFILE"',
    'dockerfilePath = "Dockerfile"',
    '',
    '[deploy]',
    '# It builds the last stage, which is not that of every app.',
    `startCommand = ${tomlText(startCommand(workload))}`,
    ...(migrate === null ? [] : [`preDeployCommand = [${tomlText(migrate.map(shellWord).join(' '))}]`]),
    ...(app.job
      ? [`cronSchedule = ${tomlText(app.job.expression)}`, 'restartPolicyType = "NEVER"']
      : [
          `numReplicas = ${app.instances}`,
          `restartPolicyType = "${RESTARTS[when]}"`,
          ...(when !== 'never' && max !== null ? [`restartPolicyMaxRetries = ${max}`] : []),
          '# Both have other values when nothing is said: 0.',
          `overlapSeconds = ${OVERLAP_SECONDS}`,
          `drainingSeconds = ${graceSeconds(app)}`,
        ]),
    ...(path === undefined
      ? []
      : [
          `healthcheckPath = ${tomlText(path)}`,
          `healthcheckTimeout = ${Math.max(1, Math.ceil(app.readyTimeoutMs / 1000))}`,
        ]),
    '',
  ].join('\n');
}

/** Until nobody sends requests to the old one any more. */
const OVERLAP_SECONDS = 5;

const RESTARTS = { always: 'ALWAYS', 'on-failure': 'ON_FAILURE', never: 'NEVER' } as const;

/** Variables are not in its files, so they are given here; a start command has no shell of its own around it. */
function startCommand({ argv, cwd, env }: Workload): string {
  const given = Object.entries({ HOST: '0.0.0.0', ...env }).map(
    ([key, value]) => `${key}=${shellWord(value)}`,
  );
  const script = `cd ${shellWord(cwd)} && exec env ${given.join(' ')} ${portWords(argv)}`;
  return `/bin/sh -c ${shellWord(script)}`;
}

const words = managed({
  autostart: (autostart) => (autostart ? undefined : 'all are started'),
  port: (port, { portStep }) =>
    port === null && portStep === 0 ? undefined : 'the platform chooses the port, and says it by PORT',
  readyTimeoutMs: 'kept',
  ready: (ready, app) => {
    if (app.job || ready.by === 'started') return undefined;
    if (healthPath(app) === undefined) return 'no path is asked: it gets requests as soon as it runs';
    return ready.by === 'probe' && ready.probe.kind !== 'command' && ready.probe.port === null
      ? undefined
      : 'it is ready when its path answers at the port where it gets requests';
  },
  health: (health) =>
    health
      ? {
          '': isAsked(health) ? undefined : 'only a path is asked, over HTTP, and only of a new deployment',
          every: NEW,
          timeout: NEW,
          failures: NEW,
        }
      : undefined,
  restart: (restart, { job }) => {
    if (job) return undefined;
    const { when, max, ...lost } = restartLost(restart);
    return lost;
  },
  job: (job) => utcCronLost('Railway', job, 'a run is never ended, and as long as it runs none is started'),
  stop: ({ signal, message, ends }) => ({
    signal: signal === 'SIGTERM' ? undefined : 'Railway sends SIGTERM',
    message: message ? 'it gets SIGTERM instead' : undefined,
    ends: ends === 'process' ? 'a container ends with its program' : undefined,
  }),
});

const NEW = 'it is asked until a new deployment is well, and never again';
