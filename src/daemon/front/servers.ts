/** The servers that can stand in front: how a process of one's own is run, and how the one of this machine is spoken to. All of it data. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FrontServer, Plan } from '../../config/plan.ts';
import { apache } from '../../exporters/apache/apache.ts';
import { mainFile } from '../../exporters/apache/target.ts';
import { caddy } from '../../exporters/caddy/caddy.ts';
import type { Exporter } from '../../exporters/exported.ts';
import { haproxy } from '../../exporters/haproxy/haproxy.ts';
import { nginx } from '../../exporters/nginx/nginx.ts';

export type Command = readonly string[];

export interface Server {
  readonly title: string;
  readonly exporter: Exporter;
  /** Where the exporter has the lines of the access log go, and where they go when Holdfast runs the server: to its logs. */
  readonly log: readonly [RegExp, string];
  readonly own: OwnServer;
  readonly system: { check(file: string): Command; readonly reload: Command };
}

/** A process of Holdfast's own. Everything of it is in one directory. */
export interface OwnServer {
  /** Names of the program. */
  readonly programs: readonly string[];
  /** The main file, which reads `site`. */
  main(around: Around): string;
  /** The name of the file with the sites. */
  readonly site: string;
  /** What is to be other in it than in an exported one. */
  readonly adapted?: (text: string, dir: string) => string;
  args(dir: string): readonly string[];
  check(dir: string): readonly string[];
  readonly env?: (dir: string) => Readonly<Record<string, string>>;
  /** A signal, or arguments for the program. */
  readonly reload: NodeJS.Signals | ((dir: string) => readonly string[]);
  readonly stopSignal: NodeJS.Signals;
}

export interface ServerUser {
  readonly name: string;
  readonly group: string;
}

export interface Around {
  readonly dir: string;
  readonly plan: Plan;
  /** Whom a server that is started by root becomes; null = it is not. */
  readonly user: ServerUser | null;
  /** The text of `site`. */
  readonly text: string;
}

const MAIN = 'main.conf';

/** `apache2ctl graceful` starts an Apache that somebody has stopped. */
const APACHE_RELOAD: Command = [
  'sh',
  '-c',
  `if command -v pgrep >/dev/null && ! pgrep -x 'apache2|httpd' >/dev/null; then echo 'error: Apache does not run'; exit 1; fi
exec apache2ctl graceful`,
  'apache2ctl graceful',
];

export const servers: Readonly<Record<FrontServer, Server>> = {
  nginx: {
    title: 'nginx',
    exporter: nginx,
    log: [/\/var\/log\/nginx\/[\w-]+\.access\.log/g, '/dev/stdout'],
    own: {
      programs: ['nginx'],
      main: nginxMain,
      site: 'holdfast.conf',
      args: (dir) => ['-e', 'stderr', '-p', dir, '-c', join(dir, MAIN)],
      check: (dir) => ['-t', '-q', '-e', 'stderr', '-p', dir, '-c', join(dir, MAIN)],
      reload: 'SIGHUP',
      stopSignal: 'SIGTERM',
    },
    system: { check: () => ['nginx', '-t', '-q'], reload: ['nginx', '-s', 'reload'] },
  },
  apache: {
    title: 'Apache',
    exporter: apache,
    log: [/\/var\/log\/apache2\/[\w-]+\.access\.log/g, '/proc/self/fd/1'],
    own: {
      programs: ['apache2', 'httpd'],
      main: apacheMain,
      site: 'holdfast.conf',
      args: (dir) => ['-D', 'FOREGROUND', '-f', join(dir, MAIN)],
      check: (dir) => ['-t', '-f', join(dir, MAIN)],
      reload: 'SIGUSR1',
      stopSignal: 'SIGTERM',
    },
    system: { check: () => ['apache2ctl', 'configtest'], reload: APACHE_RELOAD },
  },
  haproxy: {
    title: 'HAProxy',
    exporter: haproxy,
    log: [/^(\s*)log \/dev\/log local0 info$/gm, '$1log stdout format raw local0 info'],
    own: {
      programs: ['haproxy'],
      main: haproxyMain,
      site: 'holdfast.cfg',
      args: (dir) => ['-W', '-db', '-f', join(dir, MAIN), '-f', join(dir, 'holdfast.cfg')],
      check: (dir) => ['-c', '-f', join(dir, MAIN), '-f', join(dir, 'holdfast.cfg')],
      reload: 'SIGUSR2',
      stopSignal: 'SIGTERM',
    },
    system: {
      check: (file) => ['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg', '-f', file],
      reload: ['systemctl', 'reload', 'haproxy'],
    },
  },
  caddy: {
    title: 'Caddy',
    exporter: caddy,
    log: [/output file \/var\/log\/caddy\/\S+/g, 'output stdout'],
    own: {
      programs: ['caddy'],
      main: () => '',
      site: 'holdfast.caddy',
      args: (dir) => ['run', ...caddyFile(dir)],
      check: (dir) => ['validate', ...caddyFile(dir)],
      // Nothing but the one block may have global options.
      adapted: (text, dir) => text.replace(/^\{$/m, `{\n\tadmin ${caddyAdmin(dir)}`),
      env: (dir) => ({ HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir }),
      reload: (dir) => ['reload', ...caddyFile(dir), '--address', caddyAdmin(dir)],
      // On SIGTERM it waits for connections.
      stopSignal: 'SIGQUIT',
    },
    system: {
      check: () => ['caddy', 'validate', '--adapter', 'caddyfile', '--config', '/etc/caddy/Caddyfile'],
      reload: ['caddy', 'reload', '--adapter', 'caddyfile', '--config', '/etc/caddy/Caddyfile'],
    },
  },
};

/** Absolute names of the files of a process of one's own, and what is in them. */
export function filesOf(
  own: OwnServer,
  around: Around,
): readonly { readonly path: string; readonly text: string }[] {
  const main = own.main(around);
  return [
    ...(main === '' ? [] : [{ path: join(around.dir, MAIN), text: HEAD + main }]),
    { path: join(around.dir, own.site), text: own.adapted?.(around.text, around.dir) ?? around.text },
  ];
}

const HEAD =
  '# Written by Holdfast for the process that it runs (`front` in the configuration); changes here are lost.\n';

/** What nginx's own file of types is made of, for the machines that lack it. */
const MIME = '/etc/nginx/mime.types';

function nginxMain({ dir, plan, user }: Around): string {
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
pid "${dir}/nginx.pid";
${user === null ? '' : `user ${user.name} ${user.group};\n`}worker_processes auto;
# Then WebSockets of a configuration that has been replaced are cut.
worker_shutdown_timeout ${Math.ceil(plan.edge.drainMs / 1000)}s;
error_log stderr warn;
events {
  worker_connections 4096;
}
http {
${user === null ? temps.map((name) => `  ${name}_temp_path "${dir}/temp-${name}";\n`).join('') : ''}${existsSync(MIME) ? `  include ${MIME};\n` : ''}  default_type application/octet-stream;
  include "${dir}/holdfast.conf";
}
`;
}

function apacheMain({ dir, plan, user, text }: Around): string {
  return `${mainFile([{ path: 'holdfast.conf', text, mode: 0o600 }], dir).replace(/^ErrorLog .*$/m, 'ErrorLog "/proc/self/fd/2"')}${user === null ? '' : `User ${user.name}\nGroup ${user.group}\n`}# Each open WebSocket takes a thread.
ServerLimit 64
ThreadLimit 64
ThreadsPerChild 64
MaxRequestWorkers 4096
GracefulShutdownTimeout ${Math.ceil(plan.edge.drainMs / 1000)}
`;
}

function haproxyMain({ dir, plan, user }: Around): string {
  const socket = join(dir, 'haproxy.sock');
  return `global
${user === null ? '' : `  user ${user.name}\n  group ${user.group}\n`}  # A process that replaces another one gets its listening sockets through this.
  stats socket ${socket} mode 600 level admin expose-fd listeners
  # Then WebSockets of a configuration that has been replaced are cut.
  hard-stop-after ${Math.ceil(plan.edge.drainMs / 1000)}s
`;
}

function caddyFile(dir: string): readonly string[] {
  return ['--adapter', 'caddyfile', '--config', join(dir, 'holdfast.caddy')];
}

function caddyAdmin(dir: string): string {
  return `unix/${dir}/admin.sock`;
}
