import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineResume(program: Command, context: ContextFactory): void {
  program
    .command('resume')
    .summary('let the requests of a paused site go on')
    .description(
      'Ends what `hold pause` began: the requests that wait go on, in the order in which they came.',
    )
    .argument('<site>', 'its host, as in the configuration')
    .action((site: string) => resume(context(), site));
}

async function resume(context: Context, site: string): Promise<void> {
  const client = await context.look();
  if (!client) throw new HoldfastError('SITE_UNKNOWN', `There is no site "${site}": nothing is running`);
  const before = (await client.sites()).find(({ host }) => host === site);
  const view = await client.resume(site, { signal: context.signal });
  if (context.json) return context.out.json(view);
  const { style } = context.err;
  context.err.line(`${style.bold(site)} ${before?.paused === null ? 'was not paused' : 'goes on'}`);
}
