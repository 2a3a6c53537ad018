import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/support/ports.ts';
import { root } from '../../test/support/root.ts';
import type { Contender } from '../kit/stacks.ts';
import { listening, program, startApps } from './apps.ts';

/** Version of a package that only the benchmarks use. */
export function packageVersion(name: string): string | undefined {
  const file = join(root, 'bench', 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
}

function nodeProxy(
  name: string,
  file: string,
  version: () => string | undefined,
  script?: string,
): Contender {
  return {
    name,
    version,
    async start(scratch) {
      const apps = await startApps(scratch, 2, script);
      const port = await freePort();
      const env = { PORT: String(port), UPSTREAMS: apps.ports.join(',') };
      const { pid } = scratch.start(process.execPath, [program(file)], { env });
      await listening(port);
      return { url: `http://127.0.0.1:${port}/`, frontPids: () => [pid], appPids: () => [...apps.pids] };
    },
  };
}

/** Written by hand on node:http. */
export function nodeHttp(script?: string): Contender {
  return nodeProxy('node:http, by hand', 'node-http-proxy.js', () => process.versions.node, script);
}

/** The npm package http-proxy. */
export function httpProxy(script?: string): Contender {
  return nodeProxy('http-proxy (npm)', 'http-proxy.js', () => packageVersion('http-proxy'), script);
}
