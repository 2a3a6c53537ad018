import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';
import { instancesArgument } from './arguments.ts';

export function defineSend(program: Command, context: ContextFactory): void {
  program
    .command('send')
    .summary('write a line to the stdin of an app')
    .description(
      'Writes a line to the stdin of an app that has one: `stdin: true` in the configuration, or `hold start --set stdin=true`.',
    )
    .argument('<app>', instancesArgument)
    .argument('<text>', 'the line')
    .action((name: string, text: string) => send(context(), name, text));
}

async function send(context: Context, name: string, text: string): Promise<void> {
  const { changeApps } = await import('./change.ts');
  const results = await changeApps(context, [name], {
    make: (client, app, options, part) => client.sendText(app, { text: `${text}\n`, ...part }, options),
    done: 'got it',
    order: 'together',
    instances: true,
    nothing: 'nothing is running',
  });
  if (context.json) context.out.json(results[0] ?? null);
}
