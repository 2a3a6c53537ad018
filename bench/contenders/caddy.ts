import { writeFileSync } from 'node:fs';
import { freePort } from '../../test/support/ports.ts';
import { versionOf } from '../kit/machine.ts';
import { withDescendants } from '../kit/processes.ts';
import type { Contender } from '../kit/stacks.ts';
import { listening, startApps } from './apps.ts';

/** Caddy; Go uses as many threads as there are cores. */
export function caddy(script?: string): Contender {
  return {
    name: 'Caddy',
    version: () => versionOf('caddy', ['version']),
    async start(scratch) {
      const apps = await startApps(scratch, 2, script);
      const port = await freePort();
      const upstreams = apps.ports.map((upstream) => `127.0.0.1:${upstream}`).join(' ');
      const file = scratch.path('Caddyfile');
      writeFileSync(
        file,
        `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy ${upstreams} {
    lb_policy least_conn
  }
}
`,
      );
      const env = { HOME: scratch.dir, XDG_DATA_HOME: scratch.dir, XDG_CONFIG_HOME: scratch.dir };
      const { pid } = scratch.start('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { env });
      await listening(port);
      const pids = withDescendants(pid);
      return { url: `http://127.0.0.1:${port}/`, frontPids: () => pids, appPids: () => [...apps.pids] };
    },
  };
}
