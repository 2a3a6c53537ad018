/** What Elastic Beanstalk does not do, or not from files of the project. */
import type { AppPlan } from '../../config/plan.ts';
import { platformRights } from '../containers/losses.ts';
import { healthPath, isAsked, managed } from '../containers/managed.ts';

export const words = managed({
  command: ({ node, file }) =>
    node ? undefined : `the machine has Node and little else: see that "${file}" is on it`,
  env: pathLost,
  node: (node) => (node ? 'say it in package.json: `engines.node`' : undefined),
  autostart: (autostart) => (autostart ? undefined : 'it is not in the files'),
  port: (port, { portStep }) =>
    port === null && portStep === 0 ? undefined : 'the platform chooses the port, and says it by PORT',
  sticky: (sticky) => {
    if (sticky === 'none') return undefined;
    return sticky === 'ip' ? 'requests of one address go to any machine' : 'by a cookie of the load balancer';
  },
  health: (health) =>
    health
      ? {
          '': isAsked(health) ? undefined : 'only a path is asked, over HTTP, to see whether it is well',
          every: 'from 5 s to 300 s',
          failures: 'from 2 to 10; then it gets no requests, and is not replaced',
        }
      : undefined,
  ready: (ready, app) => {
    if (app.job || ready.by === 'started') return undefined;
    return healthPath(app) === undefined
      ? 'the load balancer asks for "/" to see whether it is well'
      : 'it gets requests when its health check succeeds';
  },
  stop: ({ signal, message, ends }) => ({
    signal: signal === 'SIGTERM' ? undefined : 'it gets SIGTERM',
    timeout: 'the platform decides that',
    message: message ? 'it gets SIGTERM instead' : undefined,
    ends: ends === 'process' ? 'all processes get the signal' : undefined,
  }),
  drainMs: 'kept',
  rights: (rights) =>
    platformRights(rights, {
      user: 'it runs as user `webapp`',
      group: 'it runs as group `webapp`',
      umask: 'it has the one of the platform',
      cpu: 'it has those of the machine',
      pids: 'it has as many as the machine',
    }),
});

function pathLost({ PATH }: AppPlan['env']): Record<string, string | undefined> {
  return { PATH: PATH === undefined ? undefined : 'it is the one of the platform' };
}
