/** fly.toml (https://fly.io/docs/reference/configuration/): a file for each app, since one file is one app there, built from the Dockerfile. */
import type { AppPlan, Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { platformLosses } from '../containers/losses.ts';
import { healthPath, isAsked, managed } from '../containers/managed.ts';
import { tomlText as text } from '../containers/toml.ts';
import { graceSeconds, type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { shellWord } from '../services/shell.ts';

/** fly.io kills later than this in no case. */
const LONGEST_GRACE = 300;

export function fly(plan: Plan, options: ExportOptions): Exported {
  const workloads = workloadsOf(plan, options).filter(({ app }) => !app.job);
  const losses = platformLosses(plan, options, words);
  return {
    files: workloads.map((one, index) => ({
      path: `fly/${one.name}.toml`,
      text:
        head(one, index === 0 ? lossLines(losses) : []) +
        file(one, index === 0 ? plan.release.migrate : null),
      mode: 0o644,
    })),
    losses,
  };
}

function head({ name, secrets, app }: Workload, losses: readonly string[]): string {
  return comment('#', [
    'Written by `hold export fly`. It needs the Dockerfile of `hold export dockerfile`, and a name that nobody else has, then:',
    ...(secrets.length > 0
      ? [`fly secrets set -c fly/${name}.toml ${secrets.map((key) => `${key}=…`).join(' ')}`]
      : []),
    `fly deploy . -c fly/${name}.toml`,
    ...(app.instances > 1 ? [`fly scale count ${app.instances} -c fly/${name}.toml`] : []),
    ...(losses.length > 0 ? ['', 'Not in these files:', ...losses] : []),
  ]);
}

function file(workload: Workload, migrate: readonly string[] | null): string {
  const { app, name, env, port, argv } = workload;
  const path = healthPath(app);
  const { everyMs, timeoutMs } = app.health ?? { everyMs: 10_000, timeoutMs: 5000 };
  const check = [
    `grace_period = "${Math.ceil(app.readyTimeoutMs / 1000)}s"`,
    `interval = "${Math.ceil(everyMs / 1000)}s"`,
    `timeout = "${Math.ceil(timeoutMs / 1000)}s"`,
  ];
  return [
    `app = ${text(name)}`,
    '# Both have other values when nothing is said: SIGINT and 5 s.',
    `kill_signal = ${text(app.stop.signal)}`,
    `kill_timeout = "${Math.min(graceSeconds(app), LONGEST_GRACE)}s"`,
    '',
    '[build]',
    'dockerfile = "../Dockerfile"',
    `build-target = ${text(name)}`,
    '',
    '[deploy]',
    port === null ? 'strategy = "rolling"' : 'strategy = "bluegreen"',
    ...(migrate === null ? [] : [`release_command = ${text(migrate.map(shellWord).join(' '))}`]),
    '',
    '[experimental]',
    `cmd = [${argv.map(text).join(', ')}]`,
    '',
    '[env]',
    ...Object.entries(env).map(([key, value]) => `${key} = ${text(value)}`),
    ...(port === null ? [] : service(port, app, path, check)),
    ...(app.memory.hardBytes === null
      ? []
      : [
          '',
          '[[vm]]',
          `memory = "${Math.max(256, Math.ceil(app.memory.hardBytes / 1024 ** 2 / 256) * 256)}mb"`,
        ]),
    '',
  ].join('\n');
}

function service(port: number, app: AppPlan, path: string | undefined, check: readonly string[]): string[] {
  return [
    '',
    '[http_service]',
    `internal_port = ${port}`,
    'force_https = true',
    '# WebSockets would be cut when it sleeps.',
    'auto_stop_machines = "off"',
    'auto_start_machines = true',
    `min_machines_running = ${app.instances}`,
    '',
    '[http_service.concurrency]',
    'type = "connections"',
    'soft_limit = 800',
    'hard_limit = 1000',
    '',
    path === undefined ? '[checks.listens]' : '[[http_service.checks]]',
    ...(path === undefined ? ['type = "tcp"', `port = ${port}`] : ['method = "GET"', `path = ${text(path)}`]),
    ...check,
  ];
}

const words = managed({
  readyTimeoutMs: 'kept',
  drainMs: (_, app) =>
    graceSeconds(app) > LONGEST_GRACE ? `it is killed after ${LONGEST_GRACE} s` : undefined,
  health: (health) =>
    health
      ? {
          '': isAsked(health) ? undefined : 'only a path is asked, over HTTP, to see whether it is well',
          failures: 'a single failure takes it out of the traffic; it is not replaced',
        }
      : undefined,
  memory: ({ softBytes, hardBytes }) => ({
    soft: softBytes === null ? undefined : 'nobody measures its memory',
    hard: hardBytes === null ? undefined : 'machines have it in steps of 256 MB',
  }),
});
