import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';
import { appsArgument } from './arguments.ts';

export function defineReload(program: Command, context: ContextFactory): void {
  program
    .command('reload')
    .summary('replace the instances of apps without a gap')
    .description(
      'Replaces the instances of apps one by one: the new one is ready before the old one is drained and stopped. When a new one does not get ready the old ones go on serving, and the command says why.',
    )
    .argument('<app...>', appsArgument)
    .action((names: string[]) => reload(context(), names));
}

async function reload(context: Context, names: string[]): Promise<void> {
  const { changeApps } = await import('./change.ts');
  const apps = await changeApps(context, names, {
    make: (client, name, options) => client.reload(name, options),
    done: 'is reloaded',
    order: 'in-turn',
    nothing: 'nothing is running',
  });
  if (context.json) context.out.json(apps);
}
