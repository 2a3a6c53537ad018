/** `npm start` as a process of a test, in a temporary directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cleanup, type Test } from '../support/cleanup.ts';
import { plainEnv } from '../support/hold.ts';
import { freePort } from '../support/ports.ts';
import { processesWith } from '../support/processes.ts';
import { root } from '../support/root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

export interface ExampleRun {
  readonly program: ChildProcess;
  /** All that it has printed. */
  said(): string;
  /** Sends the signal; resolves with the exit code when it has ended. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
  readonly port: number;
  /** Waits until it says where the chat is. */
  url(): Promise<string>;
  /** The home that it made; undefined when there is none (any more). */
  home(): string | undefined;
  /** Waits until no process and no file of it is left. */
  nothingLeft(): Promise<void>;
}

/** The command that `npm start` stands for; the build is there already. */
export const startCommand = [process.execPath, join(root, 'scripts', 'start.js'), '--no-build'];

/** Starts it; `wrap` puts another program around the command. */
export async function runExample(
  t: Test,
  { port, wrap = (command) => command }: { port?: number; wrap?: (command: string[]) => string[] } = {},
): Promise<ExampleRun> {
  const dir = tempDir(t);
  const wanted = port ?? (await freePort());
  const nothingLeft = async () => {
    const left = () => [...processesWith(dir).map(({ command }) => command), ...readdirSync(dir)];
    await until(() => left().length === 0, { why: 'nothing is left', deadline: 30_000 }).catch((error) => {
      throw new Error(`${error.message}: ${left().join(', ')}`);
    });
  };
  const [file = '', ...args] = wrap(startCommand);
  const program = spawn(file, args, {
    env: { ...plainEnv(), TMPDIR: dir, PORT: String(wanted) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [program.stdout, program.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const ended = new Promise<void>((resolve) => program.once('close', () => resolve()));
  const stop = async (signal: NodeJS.Signals) => {
    program.kill(signal);
    await ended;
    return program.exitCode;
  };
  cleanup(t, async () => {
    await stop('SIGTERM');
    await nothingLeft().finally(() => {
      for (const { pid } of processesWith(dir)) process.kill(pid, 'SIGKILL');
    });
  });
  return {
    program,
    said: () => output,
    stop,
    port: wanted,
    async url() {
      const look = () => {
        if (program.exitCode !== null) throw new Error('it has ended');
        return /http:\/\/localhost:\d+/.exec(output)?.[0];
      };
      const found = await until(look, { why: 'the chat is there', deadline: 60_000 }).catch((error) => {
        throw new Error(`${error.message}\n${output}`);
      });
      return found;
    },
    home: () => {
      const name = existsSync(dir)
        ? readdirSync(dir).find((entry) => entry.startsWith('holdfast-'))
        : undefined;
      return name === undefined ? undefined : join(dir, name);
    },
    nothingLeft,
  };
}
