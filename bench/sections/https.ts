import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { tlsFile } from '../../test/support/certificates.ts';
import { freePort } from '../../test/support/ports.ts';
import { listening, program, startApps } from '../contenders/apps.ts';
import { holdfastHome, holdfastVersion, pidsOf } from '../contenders/holdfast.ts';
import { figure, median, ratio, table } from '../kit/figures.ts';
import { versionOf } from '../kit/machine.ts';
import { totalCpuMs, withDescendants } from '../kit/processes.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Aim, Section } from '../kit/section.ts';
import { type Contender, type LoadFigures, loadInTurn, type Stack } from '../kit/stacks.ts';

const CERT = tlsFile('local.pem');
const KEY = tlsFile('local.key');
const run = promisify(execFile);

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

const nginx = proxyOf(
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
        listen 127.0.0.1:${port} ssl backlog=1024;
        ssl_certificate ${CERT}; ssl_certificate_key ${KEY}; ssl_protocols TLSv1.2 TLSv1.3;
        location / {
          proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection '';
          proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;
        }
      }
    }`,
);

const haproxy = proxyOf(
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
  bind 127.0.0.1:${port} ssl crt ${both} alpn http/1.1
  default_backend app
backend app
  balance leastconn
${apps.map((to, n) => `  server app${n} 127.0.0.1:${to}`).join('\n')}
`;
  },
);

const caddy = proxyOf(
  'Caddy',
  () => versionOf('caddy', ['version']),
  (file) => ['caddy', ['run', '--config', file, '--adapter', 'caddyfile']],
  (port, apps) => `{
  admin off
  auto_https off
  servers {
    protocols h1
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

const contenders = [nginx, haproxy, caddy, holdfast];

interface Handshakes {
  readonly name: string;
  /** CPU of the proxy for one. */
  readonly micros: number;
  readonly perSecond: number;
}

/** Full handshakes, none resumed, one after the other from two clients of OpenSSL. */
async function handshakes(stack: Stack, seconds: number): Promise<Omit<Handshakes, 'name'>> {
  const pids = stack.frontPids();
  const before = totalCpuMs(pids);
  const { host } = new URL(stack.url);
  const client = () => run('openssl', ['s_time', '-connect', host, '-new', '-time', String(seconds)]);
  const outputs = await Promise.all([client(), client()]);
  const counts = outputs.map(({ stdout }) => Number(/(\d+) connections in \d+ real/.exec(stdout)?.[1] ?? 0));
  const count = counts.reduce((sum, one) => sum + one, 0);
  return { micros: ((totalCpuMs(pids) - before) * 1000) / count, perSecond: count / seconds };
}

async function shakeInTurn(rounds: number, seconds: number): Promise<Handshakes[]> {
  const scratch = new Scratch();
  try {
    const found: Handshakes[] = [];
    for (const contender of contenders) {
      if (contender.version() === undefined) continue;
      const stack = await contender.start(scratch);
      const results: Omit<Handshakes, 'name'>[] = [];
      for (let round = 0; round < rounds; round++) results.push(await handshakes(stack, seconds));
      const of = (key: 'micros' | 'perSecond') => median(results.map((result) => result[key]));
      found.push({ name: contender.name, micros: of('micros'), perSecond: of('perSecond') });
    }
    return found;
  } finally {
    await scratch.close();
  }
}

/** What TLS costs in a proxy: for each request of a connection that stays, and for each handshake. */
export const https: Section = {
  name: 'https',
  title: 'HTTPS: CPU per request and per handshake',
  about: `As above, with TLS 1.3 between wrk and the proxy, HTTP/1.1 and an ECDSA certificate (P-256). Handshakes: full ones, not
resumed, from two \`openssl s_time\` at once, without a request; "handshake µs" is the CPU time of the proxy for one.`,
  async run(settings) {
    const figures = await loadInTurn(contenders, settings);
    const shaken = await shakeInTurn(settings.rounds, Math.max(2, Math.round(settings.seconds / 2)));
    const base = figures.find(({ name }) => name === 'nginx');
    const baseShaken = shaken.find(({ name }) => name === 'nginx');
    const rows = figures.map((row) => {
      const shake = shaken.find(({ name }) => name === row.name);
      return [
        `${row.name} ${row.version}`,
        figure(row.frontMicros),
        ratio(row.frontMicros, base?.frontMicros),
        figure(row.wholeMicros),
        figure(row.perSecond),
        figure(row.p99Ms),
        String(row.errors),
        figure(shake?.micros ?? Number.NaN),
        ratio(shake?.micros ?? Number.NaN, baseShaken?.micros),
        figure(shake?.perSecond ?? Number.NaN),
      ];
    });
    const head = ['', 'proxy µs', 'x nginx', 'whole stack µs', 'requests/s', 'p99 ms', 'errors'];
    const more = ['handshake µs', 'x nginx', 'handshakes/s'];
    return { text: table([...head, ...more], rows), aims: aims(figures, base) };
  },
};

function aims(figures: readonly LoadFigures[], base: LoadFigures | undefined): Aim[] {
  const edge = figures.find(({ name }) => name === 'Holdfast edge');
  if (!edge || !base) return [];
  return [
    {
      what: 'Proxy CPU per request with TLS',
      aim: '<= 1.5 x nginx',
      result: ratio(edge.frontMicros, base.frontMicros),
      met: edge.frontMicros <= 1.5 * base.frontMicros,
    },
  ];
}
