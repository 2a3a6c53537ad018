import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { AppView } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineScale(program: Command, context: ContextFactory): void {
  program
    .command('scale')
    .summary('change the number of instances')
    .description('Changes the number of instances of an app; those that go finish their requests first.')
    .argument('<app>', 'name of the app')
    .argument('<n>', 'a number, "+1" or "-1" for more or fewer, "max" for one on each core')
    .action((name: string, amount: string) => scale(context(), name, amount));
}

async function scale(context: Context, name: string, amount: string): Promise<void> {
  const change = parseAmount(amount);
  const { lookUpOne } = await import('../targets.ts');
  const { progress } = await import('../progress.ts');
  const { client, app } = await lookUpOne(context, name);
  const wanted = change(app);
  const { waiting } = await import('../waiting.ts');
  const news = { onEvent: progress(context, name), signal: context.signal };
  const scaled = await waiting(context, `waiting for ${name}`, () => client.scale(name, wanted, news), {
    told: true,
  });
  if (context.json) return context.out.json(scaled);
  const { style } = context.err;
  context.err.line(
    `${style.bold(name)} has ${wanted} ${wanted === 1 ? 'instance' : 'instances'} (${app.wanted} before)`,
  );
}

/** From the app as it is to the number of instances that it shall have. */
export function parseAmount(
  text: string,
  cores = availableParallelism(),
): (app: Pick<AppView, 'name' | 'wanted'>) => number {
  if (text === 'max') return () => cores;
  if (!/^[+-]?\d{1,6}$/.test(text)) {
    throw new HoldfastError(
      'USAGE',
      `Cannot scale to "${text}": it must be a number such as "4", "+1", "-1", or "max"`,
    );
  }
  const number = Number(text);
  return ({ name, wanted }) => {
    const target = /^[+-]/.test(text) ? wanted + number : number;
    if (target >= 1) return target;
    throw new HoldfastError(
      'USAGE',
      `Cannot scale "${name}" from ${wanted} to ${target} instances: at least 1 must be left`,
      {
        hint: `\`hold stop ${name}\` stops it`,
      },
    );
  };
}
