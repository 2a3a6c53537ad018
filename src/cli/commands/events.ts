import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { parseCount } from '../options.ts';
import type { ContextFactory } from '../program.ts';

interface EventsOptions {
  follow?: boolean;
  lines: number;
}

export function defineEvents(program: Command, context: ContextFactory): void {
  program
    .command('events')
    .summary('what happened, from the journal')
    .description('Prints what happened: starts, crashes, reloads, changes. With `--json` one event a line.')
    .option('-f, --follow', 'go on with what happens now')
    .option('-n, --lines <n>', 'how many of the past ones', parseCount, 50)
    .action((options: EventsOptions) => events(context(), options));
}

async function events(context: Context, { follow = false, lines }: EventsOptions): Promise<void> {
  const { out, err, json, signal } = context;
  const client = await context.look();
  if (!client) {
    if (!json) err.line('nothing is running');
    return;
  }
  const { eventLine } = await import('../print/event-line.ts');
  for await (const event of client.events({ tail: lines, follow, signal })) {
    await out.flow(`${json ? JSON.stringify(event) : eventLine(event, out.style, Date.now())}\n`);
  }
}
