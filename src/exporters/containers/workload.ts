/** From a plan to what containers are made of: one workload for each app, however many instances it has. Pure. */
import { posix } from 'node:path';
import type { AppPlan, Plan, Probe } from '../../config/plan.ts';
import { destinationsOf } from '../destinations.ts';
import type { ExportOptions } from '../exported.ts';
import { programOf, type Service, servicesOf } from '../services/service.ts';

/** Where the directory of the configuration file is in the image. */
const ROOT = '/app';

export interface Workload {
  readonly app: AppPlan;
  /** As DNS takes it (RFC 1123): `holdfast-web`. */
  readonly name: string;
  /** Program and arguments, with the port put in. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Where it listens, in every container; null: it serves nobody. */
  readonly port: number | null;
  readonly env: Readonly<Record<string, string>>;
  /** Variables whose values the platform must bring. */
  readonly secrets: readonly string[];
  /** How one sees that it may get requests. */
  readonly ready: Probe | null;
  /** How one sees that it is well. */
  readonly health: Probe | null;
}

/** In the order of the file. */
export function workloadsOf(plan: Plan, options: ExportOptions): Workload[] {
  const project = plan.source === null ? null : posix.dirname(plan.source);
  const routed = new Set(
    Object.values(plan.sites)
      .flatMap(({ routes }) => routes.flatMap(destinationsOf))
      .flatMap((to) => (to.kind === 'app' ? [to.app] : [])),
  );
  return servicesOf(plan, options)
    .filter(({ slot }) => slot === 0)
    .map((service) => {
      const serves = routed.has(service.app.name) || listens(service.app);
      return workload(serves ? service : withoutPort(service), project, options);
    });
}

/** Whether it is said to. Others may well listen, but nobody knows where, and a probe would wait in vain. */
function listens({ port, job, ready, health }: AppPlan): boolean {
  const probes = [ready.by === 'probe' ? ready.probe : null, health?.probe];
  const isAsked = probes.some((probe) => probe && probe.kind !== 'command' && probe.port === null);
  return job === null && (port !== null || ready.by === 'listen' || isAsked);
}

function withoutPort(service: Service): Service {
  const { PORT, ...open } = service.env.open;
  return { ...service, port: null, env: { ...service.env, open } };
}

function workload(service: Service, project: string | null, options: ExportOptions): Workload {
  const { app, port, env } = service;
  const cwd = inImage(app.cwd, project);
  const argv = programOf(app, { node: 'node' }, (arg) => inImage(withPort(arg, port), project)).map(
    (word) => {
      const path = inImage(word, project);
      return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
    },
  );
  const { PATH, HOLDFAST_INSTANCE, HOLDFAST_APP, ...open } = env.open;
  return {
    app,
    name: dnsName(service, options),
    argv,
    cwd,
    port,
    env: {
      NODE_ENV: 'production',
      // Many servers listen on the loopback interface otherwise, where nobody else is in a container.
      ...(port === null ? {} : { HOST: '0.0.0.0' }),
      ...open,
    },
    secrets: [...env.secret, ...Object.keys(env.files)],
    ready: readyProbe(app, port),
    health: app.health && withPortOf(app.health.probe, port),
  };
}

/** The same path below /app; what lies elsewhere keeps its name. */
export function inImage(path: string, project: string | null): string {
  if (project === null || project === '/') return path;
  if (path === project) return ROOT;
  return path.startsWith(`${project}/`) ? `${ROOT}${path.slice(project.length)}` : path;
}

function withPort(arg: string, port: number | null): string {
  return port === null ? arg : arg.replaceAll(/\$PORT\b|\$\{PORT\}/g, String(port));
}

function readyProbe({ ready, health, job }: AppPlan, port: number | null): Probe | null {
  if (job || ready.by === 'started') return null;
  if (ready.by === 'probe') return withPortOf(ready.probe, port);
  if (health && health.probe.kind !== 'command') return withPortOf(health.probe, port);
  return port === null ? null : { kind: 'tcp', port };
}

function withPortOf(probe: Probe, port: number | null): Probe | null {
  if (probe.kind === 'command' || probe.port !== null) return probe;
  return port === null ? null : { ...probe, port };
}

function dnsName({ app }: Service, { name }: Pick<ExportOptions, 'name'>): string {
  const own = app.name.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-');
  return `${name}-${own}`.slice(0, 52).replace(/-+$/, '');
}

/** Under load. One of which there is a single instance may have a reason for that, such as what it keeps in its memory. */
export function mostInstances({ instances }: AppPlan, { maxInstances }: ExportOptions): number {
  return instances < 2 ? instances : Math.max(instances, maxInstances ?? 0);
}

/** Until it may be killed: requests end, then it does. */
export function graceSeconds({ drainMs, stop, job }: AppPlan): number {
  return Math.ceil(((job ? 0 : drainMs) + stop.timeoutMs) / 1000);
}

/** A program that looks by itself: images for Node have neither curl nor wget. */
export function probeCommand(probe: Probe): readonly string[] {
  if (probe.kind === 'command') return probe.args;
  const code =
    probe.kind === 'http'
      ? `fetch(${JSON.stringify(`http://127.0.0.1:${probe.port}${probe.path}`)}).then((r) => process.exit(r.status < 400 ? 0 : 1), () => process.exit(1))`
      : `require('node:net').connect(${probe.port}, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`;
  return ['node', '-e', code];
}
