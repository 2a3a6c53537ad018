import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';
import { instancesArgument } from './arguments.ts';

export function defineStop(program: Command, context: ContextFactory): void {
  program
    .command('stop')
    .alias('end')
    .summary('stop apps; they stay listed')
    .description(
      'Stops apps: signal, time to finish, then SIGKILL for the whole process group. They stay listed; `hold start <app>` starts them again.',
    )
    .argument('<app...>', instancesArgument)
    .action((names: string[]) => stop(context(), names));
}

async function stop(context: Context, names: string[]): Promise<void> {
  const { changeApps } = await import('./change.ts');
  const apps = await changeApps(context, names, {
    make: (client, name, options, part) => client.stop(name, options, part),
    done: 'is stopped',
    order: 'dependents-first',
    instances: true,
    nothing: 'nothing is running',
  });
  if (context.json) context.out.json(apps);
}
