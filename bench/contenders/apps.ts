import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../test/support/ports.ts';
import { root } from '../../test/support/root.ts';
import { until } from '../../test/support/until.ts';
import type { Scratch } from '../kit/scratch.ts';

/** Path of a program in bench/programs, which runs as it is. */
export function program(name: string): string {
  return join(root, 'bench', 'programs', name);
}

export interface Apps {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
}

/** Instances of an app on bare Node, each on its own TCP port on 127.0.0.1. */
export async function startApps(scratch: Scratch, instances = 2, script = program('app.js')): Promise<Apps> {
  const apps = await Promise.all(
    Array.from({ length: instances }, async () => {
      const port = await freePort();
      const { pid } = scratch.start(process.execPath, [script], {
        env: { PORT: String(port), HOST: '127.0.0.1' },
      });
      await listening(port);
      return { port, pid };
    }),
  );
  return { ports: apps.map(({ port }) => port), pids: apps.map(({ pid }) => pid) };
}

/** Waits until something accepts connections on a port. */
export async function listening(port: number): Promise<void> {
  await until(
    async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket.destroy();
    },
    { why: `something listens on port ${port}`, deadline: 20_000 },
  );
}
