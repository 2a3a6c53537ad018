/** Proxies for what apps connect to, each with a password and an allow list. */
import { writeFileSync } from 'node:fs';
import { freePort } from '../../test/support/ports.ts';
import { versionOf } from '../kit/machine.ts';
import { withDescendants } from '../kit/processes.ts';
import type { Scratch } from '../kit/scratch.ts';
import { listening } from './apps.ts';
import { holdfastHome, holdfastVersion, pidsOf } from './holdfast.ts';

export interface ForwardProxy {
  readonly name: string;
  /** Undefined when this machine does not have it. */
  version(): string | undefined;
  start(scratch: Scratch): Promise<RunningProxy>;
}

export interface RunningProxy {
  readonly port: number;
  /** Value of Proxy-Authorization. */
  readonly authorization: string;
  pids(): number[];
}

export const holdfastEgress: ForwardProxy = {
  name: 'Holdfast egress',
  version: holdfastVersion,
  async start(scratch) {
    const holdfast = holdfastHome(scratch);
    await holdfast.up({ apps: { load: { run: 'sleep 1000000' } }, egress: { allow: ['127.0.0.1'] } });
    const url = new URL(await holdfast.run(['run', 'load', '--', 'sh', '-c', 'echo $HTTP_PROXY']));
    const pids = pidsOf(await holdfast.apps(), 'egress');
    return {
      port: Number(url.port),
      authorization: basic(url.username, url.password),
      pids: () => pids,
    };
  },
};

export const tinyproxy: ForwardProxy = {
  name: 'tinyproxy',
  version: () => versionOf('tinyproxy', ['-v']),
  async start(scratch) {
    const port = await freePort();
    const file = scratch.path('tinyproxy.conf');
    writeFileSync(
      file,
      `Port ${port}
Listen 127.0.0.1
Allow 127.0.0.1
BasicAuth load secret
MaxClients 20000
Timeout 600
LogLevel Critical
`,
    );
    const { pid } = scratch.start('tinyproxy', ['-d', '-c', file]);
    await listening(port);
    return { port, authorization: basic('load', 'secret'), pids: () => withDescendants(pid) };
  },
};

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
