import { freePort } from '../../test/support/ports.ts';
import { withDescendants } from '../kit/processes.ts';
import type { Contender } from '../kit/stacks.ts';
import { listening, program, startApps } from './apps.ts';

/** One process on bare Node, with nothing around it. */
export function bareNode(script?: string): Contender {
  return {
    name: 'bare Node, 1 process',
    version: () => process.versions.node,
    async start(scratch) {
      const { ports, pids } = await startApps(scratch, 1, script);
      return { url: `http://127.0.0.1:${ports[0]}/`, frontPids: () => [], appPids: () => [...pids] };
    },
  };
}

/** node:cluster with two workers, written by hand. */
export function bareCluster(): Contender {
  return {
    name: 'node:cluster, 2 workers',
    version: () => process.versions.node,
    async start(scratch) {
      const port = await freePort();
      const env = { PORT: String(port), HOST: '127.0.0.1' };
      const { pid } = scratch.start(process.execPath, [program('cluster.js')], { env });
      await listening(port);
      const workers = () => withDescendants(pid).filter((other) => other !== pid);
      return { url: `http://127.0.0.1:${port}/`, frontPids: () => [pid], appPids: workers };
    },
  };
}
