/** A Dockerfile: one stage that builds, and a small one for each app, which does not run as root. */
import type { AppPlan, Plan } from '../../config/plan.ts';
import { comment, oneLine } from '../comment.ts';
import { BY_HAND, LATER, type PlatformWords, platformLosses, platformRights } from '../containers/losses.ts';
import { nodeImage, npmProject, packagesOf } from '../containers/node-image.ts';
import { probeCommand, type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';

/** Who runs it; in the image of Node this is `node`. A number, so that Kubernetes sees that it is not root. */
const USER = '1000:1000';

export function dockerfile(plan: Plan, options: ExportOptions): Exported {
  const workloads = workloadsOf(plan, options);
  const losses = platformLosses(plan, options, words);
  const text = [
    '# syntax=docker/dockerfile:1',
    comment('#', [
      'Written by `hold export dockerfile`, to lie beside the config file. It needs BuildKit, which docker has had since 23.',
      ...workloads.map((w) => `docker build --target ${w.name} -t ${w.name} .`),
      ...(losses.length > 0 ? ['', 'Not in this file:', ...lossLines(losses)] : []),
    ]).trimEnd(),
    '',
    ...buildStage(plan, options),
    '',
    `FROM ${nodeImage(plan, options)} AS base`,
    'WORKDIR /app',
    '# It belongs to root: a program cannot change itself.',
    'COPY --from=build /app /app',
    `USER ${USER}`,
    ...workloads.flatMap((one) => ['', ...appStage(one)]),
    '',
  ].join('\n');
  return {
    files: [
      { path: 'Dockerfile', text, mode: 0o644 },
      { path: '.dockerignore', text: IGNORED.map((line) => `${line}\n`).join(''), mode: 0o644 },
    ],
    losses,
  };
}

const IGNORED = [
  '.git',
  'node_modules',
  '**/node_modules',
  '.env',
  '.env.*',
  '*.pem',
  '*.key',
  '*.log',
  'coverage',
  'Dockerfile',
  '.dockerignore',
];

function buildStage(plan: Plan, options: ExportOptions): string[] {
  const facts = options.project ?? npmProject;
  const { cache, prepare, install, scripts, run, prune } = packagesOf(
    facts,
    plan.release.install.allowScripts,
  );
  const cached = `--mount=type=cache,target=${cache}`;
  const build =
    plan.release.build?.map((argv) => `RUN ${JSON.stringify(argv)}`) ??
    (facts.hasBuild ? [`RUN ${run('build')}`] : []);
  return [
    `FROM ${nodeImage(plan, options)} AS build`,
    'WORKDIR /app',
    ...(prepare === null ? [] : [`RUN ${prepare}`]),
    '# Only these decide what is installed: a change elsewhere installs nothing.',
    `COPY ${JSON.stringify([...facts.files, './'])}`,
    '# For a private registry: docker build --secret id=npmrc,src=.npmrc',
    `RUN ${cached} --mount=type=secret,id=npmrc,target=/app/.npmrc ${install}`,
    ...(scripts === null ? [] : [`RUN ${scripts}`]),
    'COPY . .',
    ...build,
    `RUN ${cached} ${prune}`,
  ];
}

function appStage(workload: Workload): string[] {
  const { app, cwd, env, port, argv } = workload;
  return [
    `FROM base AS ${workload.name}`,
    `WORKDIR ${quoted(cwd)}`,
    ...Object.entries(env)
      .filter(([, value]) => !isLong(value))
      .map(([name, value]) => `ENV ${name}=${quoted(value)}`),
    ...(port === null ? [] : [`EXPOSE ${port}`]),
    `STOPSIGNAL ${app.stop.signal}`,
    ...healthcheck(workload),
    `CMD ${JSON.stringify(argv)}`,
  ];
}

function healthcheck({ app, health, ready }: Workload): string[] {
  const probe = health ?? ready;
  if (!probe || app.job) return [];
  const { everyMs, timeoutMs, failures } = app.health ?? { everyMs: 10_000, timeoutMs: 5000, failures: 3 };
  // No --start-interval: podman and buildah refuse a file with it.
  const flags = [
    `--interval=${everyMs}ms`,
    `--timeout=${timeoutMs}ms`,
    `--retries=${failures}`,
    `--start-period=${app.readyTimeoutMs}ms`,
  ];
  return [`HEALTHCHECK ${flags.join(' ')} CMD ${JSON.stringify(probeCommand(probe))}`];
}

/** A Dockerfile has no word for the end of a line. */
function isLong(value: string): boolean {
  return /\p{Cc}/u.test(value);
}

function quoted(text: string): string {
  return `"${oneLine(text).replaceAll(/["\\$]/g, '\\$&')}"`;
}

const RUNNER = 'whoever runs the container decides that';

const words: PlatformWords = {
  egress: 'apps connect to where they like: there is no proxy of Holdfast',
  migrate: BY_HAND,
  sites: 'an image has no server in front: export one, such as caddy, or use what the platform has',
  apps: {
    instances: (count) => (count > 1 ? RUNNER : undefined),
    sticky: (sticky) => (sticky === 'none' ? undefined : RUNNER),
    env: envLost,
    baseEnv: ({ PATH, ...others }) => envLost(others),
    after: (after) => (after.length > 0 ? RUNNER : undefined),
    autostart: (autostart) => (autostart ? undefined : RUNNER),
    ready: readyLost,
    readyTimeoutMs: 'kept',
    health: healthLost,
    drainMs: (_, { job }) =>
      job ? undefined : 'it gets its signal at once, and must itself finish the requests that it has',
    restart: (_, { job }) => (job ? undefined : RUNNER),
    job: (job) => (job ? LATER.replace('it is not in the files', 'its image is there') : undefined),
    memory: ({ softBytes, hardBytes }) => ({
      soft: softBytes === null ? undefined : RUNNER,
      hard: hardBytes === null ? undefined : RUNNER,
    }),
    rights: (rights) => platformRights(rights, { cpu: RUNNER, pids: RUNNER }),
    stop: ({ message, signal, ends }) => ({
      timeout: `${RUNNER}: \`docker stop --time\``,
      message: message ? `it gets ${signal} instead` : undefined,
      ends: ends === 'process' ? 'a container ends with its program' : undefined,
    }),
  },
};

function envLost(env: AppPlan['env']): Record<string, string> {
  const long = 'a value of several lines cannot stand in a Dockerfile: give it to the container';
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => {
      if (name === 'PATH') return [[name, 'it is the one of the image']];
      return isLong(value) ? [[name, long]] : [];
    }),
  );
}

/** An app that says by itself when it is ready says it to nobody. */
function readyLost({ by }: AppPlan['ready'], { job }: AppPlan): string | undefined {
  if (job) return undefined;
  if (by === 'notify' || by === 'message') return 'it counts as ready when its health check succeeds';
  return undefined;
}

function healthLost(health: AppPlan['health'], { job }: AppPlan): string | undefined {
  return health && job ? 'nobody asks whether it is well' : undefined;
}
