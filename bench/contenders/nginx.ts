import { writeFileSync } from 'node:fs';
import { freePort } from '../../test/support/ports.ts';
import { versionOf } from '../kit/machine.ts';
import { withDescendants } from '../kit/processes.ts';
import type { Contender } from '../kit/stacks.ts';
import { listening, startApps } from './apps.ts';

/** nginx with one worker, as its documentation says for a proxy with keep-alive upstreams and WebSockets. */
export function nginx(script?: string): Contender {
  return {
    name: 'nginx',
    version: () => versionOf('nginx', ['-v']),
    async start(scratch) {
      const apps = await startApps(scratch, 2, script);
      const port = await freePort();
      const servers = apps.ports.map((upstream) => `server 127.0.0.1:${upstream};`).join(' ');
      const file = scratch.path('nginx.conf');
      writeFileSync(
        file,
        `daemon off; worker_processes 1; pid ${scratch.path('nginx.pid')}; error_log stderr;
        worker_rlimit_nofile 20000;
        events { worker_connections 19500; }
        http {
          access_log off; keepalive_requests 1000000;
          map $http_upgrade $connection_header { default upgrade; '' ''; }
          upstream app { ${servers} keepalive 64; keepalive_requests 1000000; }
          server {
            listen 127.0.0.1:${port} backlog=1024;
            location / {
              proxy_pass http://app; proxy_http_version 1.1;
              proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
              proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_header;
              proxy_read_timeout 1h;
            }
          }
        }`,
      );
      const { pid } = scratch.start('/usr/sbin/nginx', ['-c', file, '-e', 'stderr', '-p', scratch.dir]);
      await listening(port);
      const pids = withDescendants(pid);
      return { url: `http://127.0.0.1:${port}/`, frontPids: () => pids, appPids: () => [...apps.pids] };
    },
  };
}
