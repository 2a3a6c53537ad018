import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineStop(program: Command, context: ContextFactory): void {
  program
    .command('stop')
    .alias('end')
    .summary('stop apps; they stay listed')
    .description(
      'Stops apps: signal, time to finish, then SIGKILL for the whole process group. They stay listed; `hold start <app>` starts them again.',
    )
    .argument('<app...>', 'names of apps, or "all"')
    .action((names: string[]) => stop(context(), names));
}

async function stop(context: Context, names: string[]): Promise<void> {
  const { changeApps } = await import('./change.ts');
  const apps = await changeApps(context, names, {
    make: (client, name, options) => client.stop(name, options),
    done: 'is stopped',
    nothing: 'nothing is running',
  });
  if (context.json) context.out.json(apps);
}
