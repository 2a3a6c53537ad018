/** Google Cloud Run (serving.knative.dev/v1): a service for each app that gets requests, from the images of the Dockerfile. */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { BY_HAND, LATER, platformLosses } from '../containers/losses.ts';
import { healthPath, isAsked, managed } from '../containers/managed.ts';
import { mostInstances, type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { type Yaml, yaml } from '../yaml.ts';

/** A WebSocket is a request there: it ends with this, which is the longest. */
const REQUEST_SECONDS = 3600;

export function cloudrun(plan: Plan, options: ExportOptions): Exported {
  const workloads = workloadsOf(plan, options).filter(({ app }) => !app.job);
  const losses = [
    ...platformLosses(plan, options, words),
    ...workloads
      .filter(({ port }) => port === null)
      .map(({ app }) => ({
        setting: `apps.${app.name}`,
        text: 'it gets no requests, and Cloud Run starts what gets some: it is not in the files',
      })),
  ];
  const serving = workloads.filter(({ port }) => port !== null);
  return {
    files: serving.map((one, index) => ({
      path: `cloudrun/${one.name}.yaml`,
      text: head(one, index === 0 ? lossLines(losses) : []) + yaml(service(one, options)),
      mode: 0o644,
    })),
    losses,
  };
}

function head({ name, secrets }: Workload, losses: readonly string[]): string {
  return comment('#', [
    `Written by \`hold export cloudrun\`. Push the image of \`hold export dockerfile\`, put its name into this file, then: gcloud run services replace cloudrun/${name}.yaml`,
    ...secrets.map((key) => `Before that: gcloud secrets create ${key} --data-file=-`),
    ...(losses.length > 0 ? ['', 'Not in these files:', ...losses] : []),
  ]);
}

function service(workload: Workload, options: ExportOptions): Yaml {
  const { app, name, argv, cwd, env, secrets, port } = workload;
  const { PORT, ...given } = env;
  const path = healthPath(app);
  const probe =
    path === undefined ? { tcpSocket: { port: port ?? 0 } } : { httpGet: { path, port: port ?? 0 } };
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name },
    spec: {
      template: {
        metadata: {
          annotations: {
            'autoscaling.knative.dev/minScale': String(app.instances),
            // It is 100 when nothing is said.
            'autoscaling.knative.dev/maxScale': String(mostInstances(app, options)),
            'run.googleapis.com/cpu-throttling': 'false',
            'run.googleapis.com/startup-cpu-boost': 'true',
            'run.googleapis.com/sessionAffinity': app.sticky === 'none' ? undefined : 'true',
          },
        },
        spec: {
          timeoutSeconds: REQUEST_SECONDS,
          // At one time, for each instance: the most that there is, since each WebSocket counts. It is 80 when nothing is said.
          containerConcurrency: 1000,
          containers: [
            {
              image: name,
              command: argv.slice(0, 1),
              args: argv.slice(1),
              workingDir: cwd,
              ports: [{ name: 'http1', containerPort: port ?? 0 }],
              env: [
                // PORT is the platform's own, and the same.
                ...Object.entries(given).map(([key, value]) => ({ name: key, value })),
                ...secrets.map((key) => ({
                  name: key,
                  valueFrom: { secretKeyRef: { name: key, key: 'latest' } },
                })),
              ],
              resources: {
                limits: {
                  cpu: String(Math.max(1, Math.ceil(app.rights.cpu ?? 1))),
                  memory: `${Math.max(512, Math.ceil((app.memory.hardBytes ?? 0) / 1024 ** 2))}Mi`,
                },
              },
              startupProbe: {
                ...probe,
                periodSeconds: 1,
                failureThreshold: Math.max(1, Math.ceil(app.readyTimeoutMs / 1000)),
              },
              livenessProbe:
                app.health && path !== undefined
                  ? {
                      httpGet: { path, port: port ?? 0 },
                      periodSeconds: Math.max(1, Math.ceil(app.health.everyMs / 1000)),
                      timeoutSeconds: Math.max(1, Math.ceil(app.health.timeoutMs / 1000)),
                      failureThreshold: app.health.failures,
                    }
                  : undefined,
            },
          ],
        },
      },
    },
  };
}

const words = {
  ...managed({
    sticky: (sticky) => (sticky === 'none' || sticky === 'cookie' ? undefined : 'by a cookie of Cloud Run'),
    readyTimeoutMs: 'kept',
    health: (health) =>
      health && !isAsked(health) ? 'only a path is asked, over HTTP, to see whether it is well' : undefined,
    job: (job) => (job ? LATER : undefined),
    stop: ({ signal, message, ends }) => ({
      signal: signal === 'SIGTERM' ? undefined : 'Cloud Run sends SIGTERM',
      timeout: 'Cloud Run kills 10 s after SIGTERM',
      message: message ? 'it gets SIGTERM instead' : undefined,
      ends: ends === 'process' ? 'a container ends with its program' : undefined,
    }),
    drainMs: () => 'an old instance is left alone until its requests are done, for an hour at most',
    memory: ({ softBytes, hardBytes }) => ({
      soft: softBytes === null ? undefined : 'nobody measures its memory',
      hard: hardBytes === null ? undefined : 'it is 512 MiB at least',
    }),
  }),
  migrate: BY_HAND,
};
