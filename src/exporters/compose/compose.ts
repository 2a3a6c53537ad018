/** compose.yaml, as Docker Compose and podman-compose read it (compose-spec.io): a service for each app, built from the Dockerfile. */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { BY_HAND, LATER, type PlatformWords, platformLosses, platformRights } from '../containers/losses.ts';
import { graceSeconds, type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { type Yaml, yaml } from '../yaml.ts';
import { healthcheck, literal, probeOf } from './parts.ts';

export function compose(plan: Plan, options: ExportOptions): Exported {
  const workloads = workloadsOf(plan, options).filter(({ app }) => !app.job);
  const losses = platformLosses(plan, options, words);
  const head = comment('#', [
    'Written by `hold export compose`. It needs the Dockerfile of `hold export dockerfile` beside it, then: docker compose up --build',
    ...(losses.length > 0 ? ['', 'Not in this file:', ...lossLines(losses)] : []),
  ]);
  const text = yaml({
    name: options.name,
    services: Object.fromEntries(workloads.map((one) => [one.name, service(one, workloads)])),
  });
  return { files: [{ path: 'compose.yaml', text: head + text, mode: 0o644 }], losses };
}

function service(workload: Workload, all: readonly Workload[]): Yaml {
  const { app, name, env, port, secrets } = workload;
  const after = all.filter((other) => app.after.includes(other.app.name));
  const { cpu, pids } = app.rights;
  return {
    build: { context: '.', target: name },
    image: name,
    // Stopped until a person starts it.
    profiles: app.autostart ? undefined : ['manual'],
    command: workload.argv.map(literal),
    working_dir: literal(workload.cwd),
    environment: {
      ...Object.fromEntries(Object.entries(env).map(([key, value]) => [key, literal(value)])),
      // Of the shell, or of the file .env beside this one; without it nothing starts.
      ...Object.fromEntries(secrets.map((key) => [key, `\${${key}:?put it into .env}`])),
    },
    // On loopback only: what is reached from outside goes through a server in front.
    ports: port === null ? undefined : [published(workload)],
    depends_on:
      after.length === 0
        ? undefined
        : Object.fromEntries(
            after.map((other) => [
              other.name,
              { condition: probeOf(other) ? 'service_healthy' : 'service_started' },
            ]),
          ),
    restart: restartOf(workload),
    // A process 1 that waits for what others left behind.
    init: true,
    stop_signal: app.stop.signal,
    stop_grace_period: `${graceSeconds(app)}s`,
    healthcheck: healthcheck(workload),
    deploy: { replicas: app.instances },
    mem_limit: app.memory.hardBytes ?? undefined,
    cpus: cpu ?? undefined,
    pids_limit: pids ?? undefined,
    read_only: true,
    tmpfs: ['/tmp'],
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    logging: { driver: 'local' },
  };
}

/** Several containers cannot have one port of the machine: each takes one of a row. */
function published({ app, port }: Workload): string {
  const last = (port ?? 0) + app.instances - 1;
  const range = app.instances === 1 ? `${port}` : `${port}-${last}`;
  return `127.0.0.1:${range}:${port}`;
}

function restartOf({ app: { restart } }: Workload): string {
  if (restart.when === 'never') return 'no';
  return restart.when === 'always'
    ? 'unless-stopped'
    : `on-failure${restart.max === null ? '' : `:${restart.max}`}`;
}

const words: PlatformWords = {
  egress: 'apps connect to where they like: there is no proxy of Holdfast',
  migrate: BY_HAND,
  sites: 'there is no server in front: export one, such as caddy; apps have their ports on 127.0.0.1',
  apps: {
    instances: 'kept',
    sticky: (sticky) => (sticky === 'none' ? undefined : 'the server in front must do that'),
    after: 'kept',
    autostart: 'kept',
    ready: ({ by }, { job }) =>
      !job && (by === 'notify' || by === 'message')
        ? 'it counts as ready when its health check succeeds'
        : undefined,
    readyTimeoutMs: 'kept',
    health: (health) =>
      health ? 'one that is not well is told by `docker ps`, and not replaced' : undefined,
    drainMs: 'kept',
    restart: ({ when, stopCodes, max, early, delayMs, at }, { job }) => {
      if (job) return undefined;
      const rule = 'Docker restarts it after a pause that grows from 100 ms to a minute';
      return {
        stopCodes: stopCodes.length > 0 ? 'such an exit is an exit like others' : undefined,
        max: max !== null && when !== 'on-failure' ? 'restarts are not counted' : undefined,
        minUptime: rule,
        early: early === 'give-up' ? rule : undefined,
        delay: delayMs > 0 ? rule : undefined,
        backoff: rule,
        giveUpAfter: 'it is never given up',
        cron: at ? 'nothing restarts it by the clock' : undefined,
      };
    },
    job: (job) => (job ? LATER : undefined),
    memory: ({ softBytes }) => ({ soft: softBytes === null ? undefined : 'nobody measures its memory' }),
    rights: (rights) => platformRights(rights, {}),
  },
};
