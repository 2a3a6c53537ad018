/** stack.yaml for `docker stack deploy` (Compose file, version 3.9): a service for each app, with Traefik in front. */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { healthcheck, literal } from '../compose/parts.ts';
import { platformLosses } from '../containers/losses.ts';
import { siteLosses } from '../containers/site-losses.ts';
import { traefikLabels, traefikSites } from '../containers/traefik-labels.ts';
import { graceSeconds, type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { type Yaml, yaml } from '../yaml.ts';
import { words } from './words.ts';

/** The network in which Traefik is, too. */
const NETWORK = 'traefik';

export function swarm(plan: Plan, options: ExportOptions): Exported {
  const workloads = workloadsOf(plan, options).filter(({ app }) => !app.job);
  const losses = [...platformLosses(plan, options, words), ...siteLosses(plan, traefikSites)];
  const head = comment('#', [
    `Written by \`hold export swarm\`. Build and push the images of \`hold export dockerfile\`, put their names (and a new tag for each version) into this file, then: docker stack deploy --with-registry-auth -c stack.yaml ${options.name}`,
    ...(workloads.some(({ port }) => port !== null)
      ? [
          `Once before: docker network create --driver overlay ${NETWORK}, and Traefik in it: Holdfast's guide to cloud platforms has a stack for that`,
        ]
      : []),
    ...workloads.flatMap((one) =>
      one.secrets.map(
        (key) => `Once before, with the value on stdin: docker secret create ${secretName(one, key)} -`,
      ),
    ),
    ...(losses.length > 0 ? ['', 'Not in this file:', ...lossLines(losses)] : []),
  ]);
  const served = workloads.some(({ port }) => port !== null);
  const secrets = workloads.flatMap((one) => one.secrets.map((key) => secretName(one, key)));
  const text = yaml({
    version: '3.9',
    services: Object.fromEntries(workloads.map((one) => [one.name, service(plan, one)])),
    networks: served ? { [NETWORK]: { external: true } } : undefined,
    secrets:
      secrets.length > 0
        ? Object.fromEntries(secrets.map((secret) => [secret, { external: true }]))
        : undefined,
  });
  return { files: [{ path: 'stack.yaml', text: head + text, mode: 0o644 }], losses };
}

function secretName({ name }: Workload, key: string): string {
  // Too long a name is refused by Docker; a shortened one might be that of another secret.
  return `${name}-${key}`;
}

function service(plan: Plan, workload: Workload): Yaml {
  const { app, name, cwd, env, port, secrets } = workload;
  return {
    image: name,
    command: command(workload).map(literal),
    working_dir: literal(cwd),
    environment: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, literal(value)])),
    secrets:
      secrets.length === 0
        ? undefined
        : secrets.map((key) => ({
            source: secretName(workload, key),
            target: key,
            uid: '1000',
            gid: '1000',
            mode: 0o400,
          })),
    networks: port === null ? undefined : ['default', NETWORK],
    init: true,
    stop_signal: app.stop.signal,
    stop_grace_period: `${graceSeconds(app)}s`,
    // Without one, Swarm would send requests to what has only just been started.
    healthcheck: healthcheck(workload),
    read_only: true,
    cap_drop: ['ALL'],
    volumes: [{ type: 'tmpfs', target: '/tmp' }],
    deploy: deploy(plan, workload),
  };
}

/** Swarm brings secrets as files, and programs read variables. */
function command({ argv, secrets }: Workload): readonly string[] {
  if (secrets.length === 0) return argv;
  const lines = secrets.map((key) => `${key}=$(cat /run/secrets/${key}) && export ${key} && `);
  return ['sh', '-c', `${lines.join('')}exec "$@"`, 'sh', ...argv];
}

function deploy(plan: Plan, workload: Workload): Yaml {
  const { app } = workload;
  const { hardBytes, softBytes } = app.memory;
  const { cpu, pids } = app.rights;
  const labels = Object.entries(traefikLabels(plan, workload));
  if (labels.length > 0) labels.push(['traefik.swarm.network', NETWORK]);
  return {
    replicas: app.autostart ? app.instances : 0,
    labels:
      labels.length > 0 ? Object.fromEntries(labels.map(([key, value]) => [key, literal(value)])) : undefined,
    // A new one is well before an old one goes; one that fails while it is watched brings the old ones back.
    update_config: {
      parallelism: 1,
      order: 'start-first',
      failure_action: 'rollback',
      monitor: `${Math.max(1000, plan.release.bakeMs)}ms`,
    },
    rollback_config: { parallelism: 1, order: 'start-first' },
    restart_policy: {
      condition: RESTARTS[app.restart.when],
      delay: `${Math.max(app.restart.delayMs, app.restart.backoffMinMs)}ms`,
      max_attempts: app.restart.max ?? undefined,
    },
    resources:
      cpu === null && pids === null && hardBytes === null && softBytes === null
        ? undefined
        : {
            limits: {
              cpus: cpu === null ? undefined : String(cpu),
              memory: hardBytes === null ? undefined : `${hardBytes}b`,
              pids: pids ?? undefined,
            },
            reservations: { memory: softBytes === null ? undefined : `${softBytes}b` },
          },
  };
}

const RESTARTS = { always: 'any', 'on-failure': 'on-failure', never: 'none' } as const;
