import type { Command } from 'commander';
import type { CrashRecord } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import { parseCount } from '../options.ts';
import type { ContextFactory } from '../program.ts';

interface CrashesOptions {
  lines: number;
}

export function defineCrashes(program: Command, context: ContextFactory): void {
  program
    .command('crashes')
    .summary('why apps crashed, with their last output')
    .description(
      'Prints why apps crashed: cause, time and last output, the newest last. Crashes that look the same are printed once. With `--json` every record that is kept.',
    )
    .argument('[app...]', 'names of apps (default: all)')
    .option('-n, --lines <n>', 'how many different crashes', parseCount, 3)
    .action((names: string[], options: CrashesOptions) => crashes(context(), names, options));
}

async function crashes(context: Context, names: string[], { lines }: CrashesOptions): Promise<void> {
  const { out, err, json, verbose } = context;
  const records = await recordsOf(context, names);
  if (json) return out.json(records);
  if (records.length === 0) {
    return err.line(`no crash of ${names.length > 0 ? names.join(', ') : 'any app'} is known`);
  }
  const { crashLines, groupCrashes } = await import('../print/crash.ts');
  const all = groupCrashes(records);
  const newest = lines === 0 ? [] : all.slice(-lines);
  const older = all.length - newest.length;
  if (older > 0) {
    err.line(err.style.dim(`${older} older: ${['hold crashes', ...names].join(' ')} -n ${all.length}`));
  }
  const options = { now: Date.now(), lines: verbose ? Number.POSITIVE_INFINITY : 20 };
  const blocks = newest.map((group) => crashLines(group, out.style, options));
  out.lines(blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block])));
}

/** Also of apps that are deleted by now, as long as the journal knows them. */
async function recordsOf(context: Context, names: string[]): Promise<CrashRecord[]> {
  const client = await context.look();
  const named = names.filter((name) => name !== 'all');
  if (!client) {
    const { unknownApp } = await import('../targets.ts');
    if (named[0] !== undefined) throw unknownApp(named[0], []);
    return [];
  }
  if (named.length === 0) return client.crashes();
  const { unknownApp } = await import('../targets.ts');
  const records = await client.crashes();
  const known = (await client.apps()).map(({ name }) => name);
  for (const name of named) {
    if (!known.includes(name) && !records.some(({ app }) => app === name)) throw unknownApp(name, known);
  }
  return records.filter(({ app }) => named.includes(app));
}
