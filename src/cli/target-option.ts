/**
 * `--target production`: the same command on the hosts of a deploy target. The commands themselves know nothing of it: what was typed is
 * sent as it is, and what comes back is put together here.
 */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { ForeignExit } from './foreign.ts';
import type { ContextFactory } from './program.ts';

/**
 * What becomes of the answers of several hosts.
 *
 * - apps: one table
 * - lines: one stream, in order of time
 * - text: one host below the other
 * - change: one host after the other, and none after one that could not
 */
export type Together = 'apps' | 'lines' | 'text' | 'change';

const commands: Readonly<Record<string, Together>> = {
  ls: 'apps',
  logs: 'lines',
  events: 'lines',
  show: 'text',
  crashes: 'text',
  stop: 'change',
  restart: 'change',
  reload: 'change',
  scale: 'change',
  delete: 'change',
  signal: 'change',
  reset: 'change',
  pause: 'change',
  resume: 'change',
};

/** Those that people type with the name of a target alone: `hold ls production`. */
const takesBareName: readonly string[] = ['ls', 'logs', 'events'];

/** A command as it was typed, without `--target` and what is said globally. */
export interface Typed {
  readonly name: string;
  /** Long flags, each before its value. */
  readonly flags: readonly string[];
  readonly operands: readonly string[];
}

export function addTargetOption(program: Command, context: ContextFactory): void {
  for (const command of program.commands) {
    const together = Object.hasOwn(commands, command.name()) ? commands[command.name()] : undefined;
    if (together === undefined) continue;
    const flags = recordFlags(command);
    command.option('-t, --target <name>', 'on the hosts of this deploy target of the config file');
    command.hook('preAction', async () => {
      const typed = { name: command.name(), flags, operands: command.args };
      const named: unknown = command.opts().target;
      if (typeof named === 'string') return elsewhere(context(), named, typed, together);
      const [only, ...others] = command.args;
      if (only === undefined || others.length > 0 || !takesBareName.includes(typed.name)) return;
      const here = context();
      const { isOnlyTarget } = await import('./hosts/bare-name.ts');
      const meant = await isOnlyTarget(here, only).finally(() => here.close());
      if (meant) await elsewhere(here, only, { ...typed, operands: [] }, together);
    });
  }
}

/** As they were typed: what is parsed here need not mean the same there. */
function recordFlags(command: Command): string[] {
  const flags: string[] = [];
  for (const option of command.options) {
    const flag = option.long ?? option.short ?? '';
    command.on(`option:${option.name()}`, (value: string | null | undefined) => {
      flags.push(flag, ...(typeof value === 'string' ? [value] : []));
    });
  }
  return flags;
}

async function elsewhere(context: Context, target: string, typed: Typed, together: Together): Promise<never> {
  const { runOnTarget } = await import('./hosts/on-target.ts');
  const isDone = await runOnTarget(context, target, typed, together);
  throw new ForeignExit(context.signal.aborted ? 130 : isDone ? 0 : 1);
}
