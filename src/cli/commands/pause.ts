import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import { formatDuration, parseDuration } from '../../kit/units.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

const DESCRIPTION = `Lets the requests of a site wait in the edge, for a moment in which its apps must not get any, such as a change of the database. \
WebSockets stay open. Who has waited for longer than \`--max-wait\` gets 503 with Retry-After. The site stays paused, whatever is restarted, \
until \`hold resume\`; \`hold ls\` says so.`;

export function definePause(program: Command, context: ContextFactory): void {
  program
    .command('pause')
    .summary('let the requests of a site wait')
    .description(DESCRIPTION)
    .argument('<site>', 'its host, as in the configuration')
    .option('--max-wait <time>', 'how long a request waits at most, such as "10s"', '30s')
    .action((site: string, options: { maxWait: string }) => pause(context(), site, options.maxWait));
}

async function pause(context: Context, site: string, maxWait: string): Promise<void> {
  const timeoutMs = parseDuration(maxWait);
  if (timeoutMs === undefined || timeoutMs < 1) {
    throw new HoldfastError(
      'USAGE',
      `Cannot pause for "${maxWait}": --max-wait must be a time such as "10s" or "2m"`,
    );
  }
  const client = await context.look();
  if (!client) throw new HoldfastError('SITE_UNKNOWN', `There is no site "${site}": nothing is running`);
  const view = await client.pause(site, { timeoutMs: Math.ceil(timeoutMs) }, { signal: context.signal });
  if (context.json) return context.out.json(view);
  const { style } = context.err;
  context.err.line(
    `${style.bold(site)} is paused: its requests wait for up to ${formatDuration(timeoutMs)}, until \`hold resume\``,
  );
}
