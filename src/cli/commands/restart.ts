import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineRestart(program: Command, context: ContextFactory): void {
  program
    .command('restart')
    .summary('stop apps and start them again')
    .description(
      'Stops apps and starts them again, all instances at once. Requests wait meanwhile; `hold reload` keeps serving them.',
    )
    .argument('<app...>', 'names of apps, or "all"')
    .action((names: string[]) => restart(context(), names));
}

async function restart(context: Context, names: string[]): Promise<void> {
  const { changeApps } = await import('./change.ts');
  const apps = await changeApps(context, names, {
    make: (client, name, options) => client.restart(name, options),
    done: 'is restarted',
    nothing: 'nothing is running',
  });
  if (context.json) context.out.json(apps);
}
