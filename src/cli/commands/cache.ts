import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineCache(program: Command, context: ContextFactory): void {
  const cache = program
    .command('cache')
    .usage('clear <site|all>')
    .summary('throw out answers that the edge keeps')
    .description(
      'Throws out the answers that the edge keeps of a site with `cache`, such as after content has changed: the next request of each goes to the app. `hold cache clear all` does so for all sites.',
    );
  cache
    .command('clear')
    .summary('throw out what is kept of a site, or of all')
    .argument('<site>', 'its host, as in the configuration, or "all"')
    .action((site: string) => clear(context(), site));
}

async function clear(context: Context, site: string): Promise<void> {
  const client = await context.look();
  if (!client) throw new HoldfastError('SITE_UNKNOWN', `There is no site "${site}": nothing is running`);
  const cleared = await client.clearCache(site === 'all' ? null : site, { signal: context.signal });
  if (context.json) return context.out.json(cleared);
  const { answers } = cleared;
  const { style } = context.err;
  const what =
    answers === 0 ? 'nothing was kept' : `${answers} kept ${answers === 1 ? 'answer' : 'answers'} thrown out`;
  context.err.line(`${style.bold(site)}: ${what}`);
}
