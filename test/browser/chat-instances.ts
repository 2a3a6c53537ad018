/** Instances of examples/chat as plain processes, without Holdfast: each on a port of its own. */
import { join } from 'node:path';
import type { Test } from '../support/cleanup.ts';
import { freePort } from '../support/ports.ts';
import { root } from '../support/root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type Background, startProgram } from '../support/test-home.ts';
import { until } from '../support/until.ts';

export const exampleDir = join(root, 'examples', 'chat');

export interface ChatInstance {
  readonly name: string;
  readonly url: string;
  readonly program: Background;
}

/** Starts instances that meet in a directory of this test only. */
export function chatInstances(t: Test): { readonly bus: string; start(): Promise<ChatInstance> } {
  const bus = join(tempDir(t), 'bus');
  let slot = 0;
  return {
    bus,
    async start() {
      const number = slot++;
      const name = `chat.${number}`;
      const port = await freePort();
      const program = startProgram(t, process.execPath, [join(exampleDir, 'server.js')], {
        env: { PORT: String(port), CHAT_BUS: bus, HOLDFAST_APP: 'chat', HOLDFAST_INSTANCE: String(number) },
      });
      await until(() => program.stdout().includes('is ready'), {
        why: `${name} is ready: ${program.stderr()}`,
      });
      return { name, url: `http://127.0.0.1:${port}`, program };
    },
  };
}
