import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';
import { appsArgument } from './arguments.ts';

export function defineDelete(program: Command, context: ContextFactory): void {
  program
    .command('delete')
    .alias('rm')
    .summary('stop apps and forget them')
    .description('Stops apps and forgets them. Their logs stay. With `--json` the names of the deleted apps.')
    .argument('<app...>', appsArgument)
    .action((names: string[]) => deleteApps(context(), names));
}

async function deleteApps(context: Context, names: string[]): Promise<void> {
  const { changeApps } = await import('./change.ts');
  const deleted = await changeApps(context, names, {
    make: async (client, name, options) => {
      await client.delete(name, options);
      return name;
    },
    done: 'is deleted',
    order: 'dependents-first',
    nothing: 'nothing to delete',
  });
  if (context.json) context.out.json(deleted);
}
