/** The proxies with TLS in front of the same two apps, speaking HTTP/1.1 or HTTP/2 to clients. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { tlsFile } from '../../test/support/certificates.ts';
import { freePort } from '../../test/support/ports.ts';
import { versionOf } from '../kit/machine.ts';
import { withDescendants } from '../kit/processes.ts';
import type { Scratch } from '../kit/scratch.ts';
import type { Contender } from '../kit/stacks.ts';
import { listening, program, startApps } from './apps.ts';
import { holdfastHome, holdfastVersion, pidsOf } from './holdfast.ts';

/** nginx, HAProxy, Caddy and the edge, each as one worker (Caddy as it likes). */
export function tlsFronts(protocol: 'h1' | 'h2'): readonly Contender[] {
  return [nginx(protocol), haproxy(protocol), caddy(protocol), holdfast];
}

const CERT = tlsFile('local.pem');
const KEY = tlsFile('local.key');
/** A proxy that is one program with one configuration file. */
function proxyOf(
  name: string,
  version: () => string | undefined,
  command: (file: string, scratch: Scratch) => readonly [string, readonly string[]],
  configure: (port: number, apps: readonly number[], scratch: Scratch) => string,
): Contender {
  return {
    name,
    version,
    async start(scratch) {
      const apps = await startApps(scratch, 2);
      const port = await freePort();
      const file = scratch.fresh(name);
      writeFileSync(file, configure(port, apps.ports, scratch));
      const env = { HOME: scratch.dir, XDG_DATA_HOME: scratch.dir, XDG_CONFIG_HOME: scratch.dir };
      const { pid } = scratch.start(...command(file, scratch), { env });
      await listening(port);
      const pids = withDescendants(pid);
      return { url: `https://127.0.0.1:${port}/`, frontPids: () => pids, appPids: () => [...apps.pids] };
    },
  };
}

const nginx = (protocol: 'h1' | 'h2') =>
  proxyOf(
    'nginx',
    () => versionOf('nginx', ['-v']),
    (file, scratch) => ['/usr/sbin/nginx', ['-c', file, '-e', 'stderr', '-p', scratch.dir]],
    (
      port,
      apps,
      scratch,
    ) => `daemon off; worker_processes 1; pid ${scratch.path('nginx.pid')}; error_log stderr;
    events { worker_connections 8192; }
    http {
      access_log off; keepalive_requests 1000000;
      upstream app { ${apps.map((to) => `server 127.0.0.1:${to};`).join(' ')} keepalive 64; keepalive_requests 1000000; }
      server {
        listen 127.0.0.1:${port} ssl${protocol === 'h2' ? ' http2' : ''} backlog=1024;
        ssl_certificate ${CERT}; ssl_certificate_key ${KEY}; ssl_protocols TLSv1.2 TLSv1.3;
        location / {
          proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection '';
          proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;
        }
      }
    }`,
  );

const haproxy = (protocol: 'h1' | 'h2') =>
  proxyOf(
    'HAProxy',
    () => versionOf('haproxy', ['-v']),
    (file) => ['/usr/sbin/haproxy', ['-db', '-f', file]],
    (port, apps, scratch) => {
      const both = scratch.fresh('both.pem');
      writeFileSync(both, readFileSync(CERT, 'utf8') + readFileSync(KEY, 'utf8'));
      return `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend front
  bind 127.0.0.1:${port} ssl crt ${both} alpn ${protocol === 'h2' ? 'h2,' : ''}http/1.1
  default_backend app
backend app
  balance leastconn
${apps.map((to, n) => `  server app${n} 127.0.0.1:${to}`).join('\n')}
`;
    },
  );

const caddy = (protocol: 'h1' | 'h2') =>
  proxyOf(
    'Caddy',
    () => versionOf('caddy', ['version']),
    (file) => ['caddy', ['run', '--config', file, '--adapter', 'caddyfile']],
    (port, apps) => `{
  admin off
  auto_https off
  servers {
    protocols h1${protocol === 'h2' ? ' h2' : ''}
  }
}
https://:${port} {
  bind 127.0.0.1
  tls ${CERT} ${KEY}
  reverse_proxy ${apps.map((to) => `127.0.0.1:${to}`).join(' ')} {
    lb_policy least_conn
  }
}
`,
  );

const holdfast: Contender = {
  name: 'Holdfast edge',
  version: holdfastVersion,
  async start(scratch) {
    const [http, https] = [await freePort(), await freePort()];
    const [cert, key] = [scratch.path('cert.pem'), scratch.path('key.pem')];
    copyFileSync(CERT, cert);
    copyFileSync(KEY, key);
    const home = holdfastHome(scratch);
    await home.up({
      apps: { app: { run: program('app.js'), instances: 2 } },
      sites: { '*': { routes: { '/': 'app' }, tls: { cert, key } } },
      listen: { http: `127.0.0.1:${http}`, https: `127.0.0.1:${https}` },
      edge: { limits: { connectionsPerIp: 100_000 } },
    });
    await listening(https);
    const apps = await home.apps();
    const holder = home.holderPid();
    const front = [home.daemonPid(), ...pidsOf(apps, 'edge'), ...(holder ? [holder] : [])];
    return { url: `https://127.0.0.1:${https}/`, frontPids: () => front, appPids: () => pidsOf(apps, 'app') };
  },
};
