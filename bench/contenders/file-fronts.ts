/** Servers of one directory of files, which compress text on its way. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/support/ports.ts';
import { versionOf } from '../kit/machine.ts';
import { withDescendants } from '../kit/processes.ts';
import type { Scratch } from '../kit/scratch.ts';
import type { Contender } from '../kit/stacks.ts';
import { listening } from './apps.ts';
import { holdfastHome, holdfastVersion, pidsOf } from './holdfast.ts';

/** Paths below the directory: bytes that do not compress, and a page of 30 KB. */
export const BINARY = 'picture.jpg';
export const TEXT = 'page.html';

/** Each serves `path`. */
export function fileFronts(path: string): readonly Contender[] {
  return [nginx, caddy, holdfast].map((contender) => ({
    ...contender,
    start: async (scratch) => {
      const stack = await contender.start(scratch);
      return { ...stack, url: stack.url + path };
    },
  }));
}

function makeFiles(scratch: Scratch): string {
  const directory = scratch.fresh('files');
  mkdirSync(directory, { mode: 0o755 });
  writeFileSync(join(directory, BINARY), Buffer.alloc(100_000, 'x'));
  const words = Array.from({ length: 4000 }, (_, n) => `<p>${(n * 7919).toString(36)}</p>`);
  writeFileSync(join(directory, TEXT), words.join('\n').slice(0, 30_000));
  return directory;
}

const nginx: Contender = {
  name: 'nginx',
  version: () => versionOf('nginx', ['-v']),
  async start(scratch) {
    const port = await freePort();
    const file = scratch.fresh('nginx');
    writeFileSync(
      file,
      `daemon off; user root; worker_processes 1; pid ${scratch.fresh('pid')}; error_log stderr;
      events { worker_connections 8192; }
      http {
        types { text/html html; image/jpeg jpg; }
        access_log off; keepalive_requests 1000000; sendfile on; gzip on; open_file_cache max=100;
        server { listen 127.0.0.1:${port} backlog=1024; root ${makeFiles(scratch)}; }
      }`,
    );
    const { pid } = scratch.start('/usr/sbin/nginx', ['-c', file, '-e', 'stderr', '-p', scratch.dir]);
    await listening(port);
    const pids = withDescendants(pid);
    return { url: `http://127.0.0.1:${port}/`, frontPids: () => pids, appPids: () => [] };
  },
};

const caddy: Contender = {
  name: 'Caddy',
  version: () => versionOf('caddy', ['version']),
  async start(scratch) {
    const port = await freePort();
    const file = scratch.fresh('Caddyfile');
    writeFileSync(
      file,
      `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  root * ${makeFiles(scratch)}
  encode gzip
  file_server
}
`,
    );
    const env = { HOME: scratch.dir, XDG_DATA_HOME: scratch.dir, XDG_CONFIG_HOME: scratch.dir };
    const { pid } = scratch.start('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { env });
    await listening(port);
    const pids = withDescendants(pid);
    return { url: `http://127.0.0.1:${port}/`, frontPids: () => pids, appPids: () => [] };
  },
};

const holdfast: Contender = {
  name: 'Holdfast edge',
  version: holdfastVersion,
  async start(scratch) {
    const port = await freePort();
    const home = holdfastHome(scratch);
    await home.up({
      sites: { '*': { routes: { '/': { files: makeFiles(scratch) } }, compress: true } },
      listen: { http: `127.0.0.1:${port}` },
      edge: { limits: { connectionsPerIp: 100_000 } },
    });
    await listening(port);
    const holder = home.holderPid();
    const pids = [home.daemonPid(), ...pidsOf(await home.apps(), 'edge'), ...(holder ? [holder] : [])];
    return { url: `http://127.0.0.1:${port}/`, frontPids: () => pids, appPids: () => [] };
  },
};
