/** What an app becomes in Kubernetes: https://kubernetes.io/docs/reference/kubernetes-api/ */
import type { Plan, Probe } from '../../config/plan.ts';
import { graceSeconds, mostInstances, type Workload } from '../containers/workload.ts';
import type { ExportOptions } from '../exported.ts';
import type { Yaml } from '../yaml.ts';

/** Until every node and every ingress knows that a pod gets no more requests; its signal comes after that. */
const LEAVE_SECONDS = 5;

export function labels({ name }: Pick<Workload, 'name'>): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'holdfast-export' };
}

function selector({ name }: Pick<Workload, 'name'>): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': name };
}

export function deployment(workload: Workload, options: ExportOptions): Yaml {
  const { app, name } = workload;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: labels(workload) },
    spec: {
      // Whoever scales it says how many there are, and applying this again must not undo that.
      replicas: scales(workload, options) ? undefined : app.autostart ? app.instances : 0,
      selector: { matchLabels: selector(workload) },
      // A new one is ready before an old one goes.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      minReadySeconds: Math.ceil(app.restart.minUptimeMs / 1000),
      progressDeadlineSeconds: Math.ceil(app.readyTimeoutMs / 1000) + 600,
      template: { metadata: { labels: labels(workload) }, spec: podSpec(workload, {}) },
    },
  };
}

export function byCookie({ sticky }: Workload['app']): boolean {
  return sticky === 'cookie' || sticky === 'auto';
}

export function service(workload: Workload, { ingress = 'traefik' }: ExportOptions): Yaml[] {
  const { name, port, app } = workload;
  if (port === null) return [];
  const byAddress = app.sticky === 'ip';
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name,
        labels: labels(workload),
        annotations:
          ingress === 'traefik' && byCookie(app)
            ? {
                'traefik.ingress.kubernetes.io/service.sticky.cookie': 'true',
                'traefik.ingress.kubernetes.io/service.sticky.cookie.name': `${name}-session`,
                'traefik.ingress.kubernetes.io/service.sticky.cookie.httponly': 'true',
              }
            : undefined,
      },
      spec: {
        selector: selector(workload),
        ports: [{ name: 'http', port: 80, targetPort: 'http' }],
        sessionAffinity: byAddress ? 'ClientIP' : undefined,
      },
    },
  ];
}

/** Whether there are more under load. */
function scales({ app, port }: Workload, options: ExportOptions): boolean {
  return port !== null && app.autostart && mostInstances(app, options) > app.instances;
}

/** A program of Node has one core for its JavaScript, however many there are: at 70 % of that there is need of another one. */
export function autoscaler(workload: Workload, options: ExportOptions): Yaml[] {
  const { app, name } = workload;
  if (!scales(workload, options)) return [];
  const cores = Math.min(1, app.rights.cpu ?? 1);
  return [
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name, labels: labels(workload) },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        minReplicas: app.instances,
        maxReplicas: mostInstances(app, options),
        metrics: [
          {
            type: 'Resource',
            resource: {
              name: 'cpu',
              target: { type: 'AverageValue', averageValue: `${Math.round(cores * 700)}m` },
            },
          },
        ],
      },
    },
  ];
}

/** When nodes are emptied, never all of an app go at once. */
export function disruptionBudget(workload: Workload): Yaml[] {
  const { app, name } = workload;
  if (app.instances < 2) return [];
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, labels: labels(workload) },
      spec: { maxUnavailable: 1, selector: { matchLabels: selector(workload) } },
    },
  ];
}

export function cronJob(workload: Workload): Yaml[] {
  const { app, name } = workload;
  const { job } = app;
  if (!job || cronExpression(job.expression) === null) return [];
  return [
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name, labels: labels(workload) },
      spec: {
        schedule: job.expression,
        timeZone: job.timezone ?? undefined,
        concurrencyPolicy: 'Forbid',
        // One that could not be started in time is a missed one.
        startingDeadlineSeconds: job.missed === 'run' ? undefined : 60,
        suspend: !app.autostart,
        jobTemplate: {
          spec: {
            backoffLimit: 0,
            activeDeadlineSeconds: job.timeoutMs === null ? undefined : Math.ceil(job.timeoutMs / 1000),
            template: {
              metadata: { labels: labels(workload) },
              spec: podSpec(workload, { restartPolicy: 'Never' }),
            },
          },
        },
      },
    },
  ];
}

/** Five fields, names of months and days included; null: Kubernetes has no seconds, and nothing for `L`, `#` or `W`. */
export function cronExpression(expression: string): string | null {
  return /^(?:[\d*/,A-Za-z-]+ ){4}[\d*/,A-Za-z-]+$/.test(expression) &&
    !/\d?[LW](?![A-Za-z])/.test(expression)
    ? expression
    : null;
}

/** In the image of the first app, with its environment. */
export function migration(plan: Plan, workloads: readonly Workload[], { name }: ExportOptions): Yaml[] {
  const first = workloads.find(({ app }) => !app.job);
  if (plan.release.migrate === null || !first) return [];
  const migrating = {
    ...first,
    argv: plan.release.migrate,
    cwd: '/app',
    port: null,
    ready: null,
    health: null,
  };
  const own = { ...labels(first), 'app.kubernetes.io/name': `${name}-migrate` };
  return [
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `${name}-migrate`, labels: own },
      spec: {
        backoffLimit: 0,
        template: { metadata: { labels: own }, spec: podSpec(migrating, { restartPolicy: 'Never' }) },
      },
    },
  ];
}

function podSpec(workload: Workload, more: { restartPolicy?: 'Never' }): { [key: string]: Yaml | undefined } {
  const { app } = workload;
  const serves = workload.port !== null && more.restartPolicy === undefined;
  return {
    ...more,
    // Nothing in it talks to Kubernetes.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: graceSeconds(app) + (serves ? LEAVE_SECONDS : 0),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [container(workload, serves)],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  };
}

function container(workload: Workload, serves: boolean): Yaml {
  const { app, name, argv, cwd, env, port, secrets } = workload;
  return {
    name: 'app',
    image: name,
    // It would put variables in where it sees $(NAME).
    command: argv.map((word) => word.replaceAll('$(', '$$(')),
    workingDir: cwd,
    env: [
      ...Object.entries(env).map(([key, value]) => ({ name: key, value: value.replaceAll('$(', '$$(') })),
      ...secrets.map((key) => ({ name: key, valueFrom: { secretKeyRef: { name, key } } })),
    ],
    ports: serves && port !== null ? [{ name: 'http', containerPort: port }] : undefined,
    ...(app.job ? {} : probes(workload)),
    lifecycle: serves ? { preStop: { sleep: { seconds: LEAVE_SECONDS } } } : undefined,
    resources: resources(workload),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
}

/** Memory has a limit, so that one app takes none of another's; a limit of CPU would only slow it down while there is some left. */
function resources({ app: { memory, rights } }: Workload): Yaml {
  const { softBytes, hardBytes } = memory;
  const wanted = softBytes ?? hardBytes;
  return {
    requests: {
      cpu: rights.cpu === null ? '100m' : `${Math.ceil(rights.cpu * 1000)}m`,
      memory: wanted === null ? '128Mi' : String(wanted),
    },
    limits: hardBytes === null ? undefined : { memory: String(hardBytes) },
  };
}

function probes({ app, ready, health }: Workload): { [key: string]: Yaml | undefined } {
  const { everyMs, timeoutMs, failures } = app.health ?? { everyMs: 5000, timeoutMs: 2000, failures: 3 };
  const times = {
    periodSeconds: seconds(everyMs),
    timeoutSeconds: seconds(timeoutMs),
    failureThreshold: failures,
  };
  return {
    startupProbe: ready
      ? {
          ...probe(ready),
          periodSeconds: 1,
          timeoutSeconds: seconds(timeoutMs),
          failureThreshold: seconds(app.readyTimeoutMs),
        }
      : undefined,
    readinessProbe: ready ? { ...probe(ready), ...times } : undefined,
    livenessProbe: health ? { ...probe(health), ...times } : undefined,
  };
}

function probe(how: Probe): { [key: string]: Yaml | undefined } {
  if (how.kind === 'command') return { exec: { command: how.args } };
  const port = how.port ?? 'http';
  return how.kind === 'tcp' ? { tcpSocket: { port } } : { httpGet: { path: how.path, port } };
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
