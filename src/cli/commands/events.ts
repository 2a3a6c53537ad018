import type { Command } from 'commander';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { Context } from '../context.ts';
import { parseMoment } from '../moment.ts';
import { parseCount } from '../options.ts';
import type { ContextFactory } from '../program.ts';

interface EventsOptions {
  follow?: boolean;
  lines: number;
  since?: number;
  deploys?: boolean;
  audit?: boolean;
}

/** As many as the journal gives, of which the newest that match are printed. */
const ALL = 1_000_000;
/** More than can happen between two calls. */
const BETWEEN = 500;

export function defineEvents(program: Command, context: ContextFactory): void {
  program
    .command('events')
    .summary('what happened, from the journal')
    .description(
      'Prints what happened: starts, crashes, reloads, changes. With `--json` one event a line. Who asked for something is what the command that was used said of itself: it is told, not proven.',
    )
    .argument('[app...]', 'only of these apps, or instances such as web.1')
    .option('-f, --follow', 'go on with what happens now')
    .option('-n, --lines <n>', 'how many of the past ones', parseCount, 50)
    .option('--since <time>', 'only from this time on, such as 10m, today or 14:30', (text) =>
      parseMoment(text),
    )
    .option('--deploys', 'only how deploys ended, and who asked for them')
    .option('--audit', 'only what people asked for, and who')
    .action((names: string[], options: EventsOptions) => events(context(), names, options));
}

async function events(
  context: Context,
  names: readonly string[],
  { follow = false, lines, since, deploys = false, audit = false }: EventsOptions,
): Promise<void> {
  const { out, err, json, signal } = context;
  const isAudit = deploys || audit;
  const { isAudited, isDeployOutcome } = await import('../../protocol/audit.ts');
  const { eventLine, whoAsked } = await import('../print/event-line.ts');
  const who = (event: HoldfastEvent) => (isAudit ? whoAsked(event) : '');
  const print = (event: HoldfastEvent) =>
    out.flow(`${json ? JSON.stringify(event) : `${eventLine(event, out.style, Date.now())}${who(event)}`}\n`);
  const isMeant = (event: HoldfastEvent) =>
    (names.length === 0 || names.includes(event.app ?? '') || names.includes(event.instance ?? '')) &&
    (since === undefined || Date.parse(event.time) >= since) &&
    (!deploys || isDeployOutcome(event.type)) &&
    (!audit || isAudited(event));
  const client = isAudit && !follow ? null : await context.look();
  if (!client && (!isAudit || follow)) {
    if (!json) err.line('nothing is running');
    return;
  }
  if (client && names.length === 0 && since === undefined && !isAudit) {
    for await (const event of client.events({ tail: lines, follow, signal })) await print(event);
    return;
  }
  const past: HoldfastEvent[] = [];
  if (isAudit) {
    const { readJournal } = await import('../journal-file.ts');
    past.push(...(await readJournal(context.home)).filter(isMeant));
  } else if (client) {
    for await (const event of client.events({ tail: ALL })) if (isMeant(event)) past.push(event);
  }
  for (const event of past.slice(since === undefined ? -lines : 0)) await print(event);
  if (!follow || !client) return;
  const last = past.at(-1)?.seq ?? 0;
  // Those that happened between the two questions come first.
  for await (const event of client.events({ tail: BETWEEN, follow, signal })) {
    if (event.seq > last && isMeant(event)) await print(event);
  }
}
