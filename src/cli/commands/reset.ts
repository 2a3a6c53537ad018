import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';
import { appsArgument } from './arguments.ts';

export function defineReset(program: Command, context: ContextFactory): void {
  program
    .command('reset')
    .summary('set the restart counts to 0')
    .description(
      'Sets the restart counts of apps to 0, those that `hold ls` shows and those that count for giving up. Nothing is restarted.',
    )
    .argument('<app...>', appsArgument)
    .action((names: string[]) => reset(context(), names));
}

async function reset(context: Context, names: string[]): Promise<void> {
  const { changeApps } = await import('./change.ts');
  const apps = await changeApps(context, names, {
    make: (client, name, options) => client.reset(name, options),
    done: 'counts from 0',
    order: 'together',
    nothing: 'nothing is running',
  });
  if (context.json) context.out.json(apps);
}
