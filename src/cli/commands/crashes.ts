import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { AppView, CrashRecord } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import { parseCount } from '../options.ts';
import type { ContextFactory } from '../program.ts';

interface CrashesOptions {
  lines: number;
  last?: boolean;
  report?: boolean;
}

/** What is known: the crashes, oldest first, and the apps as they are now. */
interface Known {
  readonly records: readonly CrashRecord[];
  readonly apps: readonly AppView[];
}

export function defineCrashes(program: Command, context: ContextFactory): void {
  program
    .command('crashes')
    .summary('why apps crashed, with their last output')
    .description(
      'Prints why apps crashed, the newest last and in full: cause, time, how often, what to do, and its last output. Crashes that look the same are printed once. With `--json` every record that is kept.',
    )
    .argument('[app...]', 'names of apps (default: all)')
    .option('-n, --lines <n>', 'how many different crashes', parseCount, 3)
    .option('--last', 'only the newest crash')
    .option('--report', "print Node's report of the newest crash that has one")
    .action((names: string[], options: CrashesOptions) => crashes(context(), names, options));
}

async function crashes(context: Context, names: string[], options: CrashesOptions): Promise<void> {
  const { out, err, json } = context;
  const known = await knownTo(context, names);
  const records = options.last ? known.records.slice(-1) : known.records;
  if (options.report) return printReport(context, records, names);
  if (json) return out.json(records);
  if (records.length === 0) {
    return err.line(`no crash of ${names.length > 0 ? names.join(', ') : 'any app'} is known`);
  }
  await print(context, { ...known, records }, names, options);
}

async function print(
  { out, err, verbose }: Context,
  { records, apps }: Known,
  names: string[],
  { lines }: CrashesOptions,
): Promise<void> {
  const { crashLines, groupCrashes, shortLines } = await import('../print/crash.ts');
  const all = groupCrashes(records);
  const shown = lines === 0 ? [] : all.slice(-lines);
  const older = all.length - shown.length;
  if (older > 0) {
    err.line(err.style.dim(`${older} older: ${['hold crashes', ...names].join(' ')} -n ${all.length}`));
  }
  const blocks = shown.map((group, index) => {
    const app = apps.find(({ name }) => name === group.newest.app);
    const options = { now: Date.now(), lines: verbose ? Number.POSITIVE_INFINITY : 20, app };
    const inFull = verbose || index === shown.length - 1;
    return (inFull ? crashLines : shortLines)(group, out.style, options);
  });
  out.lines(blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block])));
}

function printReport({ out }: Context, records: readonly CrashRecord[], names: string[]): void {
  const file = records.findLast(({ report }) => report !== null)?.report;
  if (!file) {
    throw new HoldfastError(
      'BAD_REQUEST',
      `No crash of ${names.length > 0 ? names.join(', ') : 'any app'} has a report of Node`,
      { hint: 'There is one when the heap was full, and when the watchdog found the event loop blocked' },
    );
  }
  out.lines(readFileSync(file, 'utf8').trimEnd().split('\n'));
}

/** Also of apps that are deleted by now, as long as the journal knows them. */
async function knownTo(context: Context, names: string[]): Promise<Known> {
  const client = await context.look();
  const named = names.filter((name) => name !== 'all');
  if (!client) {
    const { unknownApp } = await import('../targets.ts');
    if (named[0] !== undefined) throw unknownApp(named[0], []);
    return { records: [], apps: [] };
  }
  const [records, apps] = await Promise.all([client.crashes(), client.apps()]);
  if (named.length === 0) return { records, apps };
  const { unknownApp } = await import('../targets.ts');
  const known = apps.map(({ name }) => name);
  for (const name of named) {
    if (!known.includes(name) && !records.some(({ app }) => app === name)) throw unknownApp(name, known);
  }
  return { records: records.filter(({ app }) => named.includes(app)), apps };
}
