/** Hooks of a target: commands on this machine, around each host. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HoldfastError } from '../../errors.ts';
import type { DeployTarget } from '../../protocol/release-rules.ts';

export interface HookOptions {
  readonly host: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
}

/** Does nothing when there is no such hook. @throws HoldfastError STEP_FAILED with its last lines */
export async function runHostHook(
  { hooks }: DeployTarget,
  name: 'before host' | 'after host',
  { host, cwd, env, onLine }: HookOptions,
): Promise<void> {
  const [file, ...args] = hooks[name] ?? [];
  if (file === undefined) return;
  const last: string[] = [];
  const say = (line: string) => {
    last.push(line);
    if (last.length > 15) last.shift();
    onLine(line);
  };
  const child = spawn(file, args, {
    cwd,
    env: { ...env, HOLDFAST_HOST: host },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  createInterface(child.stdout).on('line', say);
  createInterface(child.stderr).on('line', say);
  const why = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(`cannot be run: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? null : signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    );
  });
  if (why === null) return;
  throw new HoldfastError('STEP_FAILED', `${host}: the hook "${name}" ${why}`, {
    details: last,
    hint: 'Hooks of a target run on this machine',
  });
}
