import { writeFileSync } from 'node:fs';
import { freePort } from '../../test/support/ports.ts';
import { versionOf } from '../kit/machine.ts';
import { withDescendants } from '../kit/processes.ts';
import type { Contender } from '../kit/stacks.ts';
import { listening, startApps } from './apps.ts';

/** HAProxy with one thread. */
export function haproxy(script?: string): Contender {
  return {
    name: 'HAProxy',
    version: () => versionOf('haproxy', ['-v']),
    async start(scratch) {
      const apps = await startApps(scratch, 2, script);
      const port = await freePort();
      const servers = apps.ports.map((upstream, n) => `  server app${n} 127.0.0.1:${upstream}`).join('\n');
      const file = scratch.path('haproxy.cfg');
      writeFileSync(
        file,
        `global
  nbthread 1
  maxconn 9900
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  option forwardfor
  http-reuse always
frontend front
  bind 127.0.0.1:${port}
  default_backend app
backend app
  balance leastconn
${servers}
`,
      );
      const { pid } = scratch.start('/usr/sbin/haproxy', ['-db', '-f', file]);
      await listening(port);
      const pids = withDescendants(pid);
      return { url: `http://127.0.0.1:${port}/`, frontPids: () => pids, appPids: () => [...apps.pids] };
    },
  };
}
