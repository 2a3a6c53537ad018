import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import type { RestartRequest } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import { collectVariable } from '../options.ts';
import type { ContextFactory } from '../program.ts';
import { instancesArgument } from './arguments.ts';

interface RestartOptions {
  env?: Readonly<Record<string, string>>;
  updateEnv?: boolean;
}

export function defineRestart(program: Command, context: ContextFactory): void {
  program
    .command('restart')
    .summary('stop apps and start them again')
    .description(
      'Stops apps and starts them again, all instances at once. Requests wait meanwhile; `hold reload` keeps serving them. Apps that `hold start` made can get other environment variables on the way; what differs is printed by name.',
    )
    .argument('<app...>', instancesArgument)
    .option('-e, --env <KEY=VALUE>', 'set a variable (repeatable)', collectVariable)
    .option('--update-env', "take over this shell's environment")
    .action((names: string[], options: RestartOptions) => restart(context(), names, options));
}

async function restart(context: Context, names: string[], options: RestartOptions): Promise<void> {
  const { changeApps } = await import('./change.ts');
  const { baseEnvForStart } = await import('../../config/base-env.ts');
  const news: RestartRequest = {
    ...(options.env && { env: options.env }),
    ...(options.updateEnv && { baseEnv: baseEnvForStart(context.env) }),
  };
  const apps = await changeApps(context, names, {
    make: (client: Client, name, change, part) => client.restart(name, change, { ...news, ...part }),
    done: 'is restarted',
    order: 'together',
    instances: true,
    nothing: 'nothing is running',
  });
  if (context.json) context.out.json(apps);
}
