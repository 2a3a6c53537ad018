import { type Command, InvalidArgumentError, Option } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { LogLine, ReadLogsOptions } from '../../logs/reader.ts';
import { type Level, levels } from '../../logs/structured.ts';
import { homePaths } from '../../protocol/home.ts';
import type { Context } from '../context.ts';
import { RARE } from '../help/rare.ts';
import { appOf } from '../log-targets.ts';
import { parseMoment } from '../moment.ts';
import { parseCount } from '../options.ts';
import type { ContextFactory } from '../program.ts';

interface LogsOptions {
  follow?: boolean;
  lines?: number;
  since?: number;
  until?: number;
  grep?: string;
  ignoreCase?: boolean;
  out?: boolean;
  err?: boolean;
  level?: Level;
  raw?: boolean;
  reopen?: boolean;
  flush?: boolean;
}

const DESCRIPTION = `Prints what apps wrote, merged and in order of time; "!" marks stderr. It reads files, so it works \
without a daemon. Lines of an app with \`log: { format: 'json' }\` are shown as level, message and fields. With \`--json\` one line each.`;

export function defineLogs(program: Command, context: ContextFactory): void {
  program
    .command('logs')
    .summary('what apps print, merged and in order of time')
    .description(DESCRIPTION)
    .argument(
      '[app...]',
      'names of apps, namespaces, /patterns/, or instances such as web.0 (default: all apps)',
    )
    .option('-f, --follow', 'go on with what they print now')
    .option('-n, --lines <n>', 'how many lines of the past (default: 100, with --since: all)', parseCount)
    .option(
      '--since <time>',
      'not older than "10m", or than a time such as "14:30" or 2026-03-01T12:00',
      (text) => parseMoment(text),
    )
    .addOption(
      new Option('--until <time>', 'not newer than that')
        .argParser((text) => parseMoment(text))
        .conflicts('follow'),
    )
    .option('--grep <pattern>', 'only lines that match this regular expression', checkPattern)
    .optionsGroup(RARE)
    .option('-i, --ignore-case', 'for --grep, `a` and `A` are the same')
    .addOption(new Option('--out', 'only stdout').conflicts('err'))
    .option('--err', 'only stderr')
    .addOption(
      new Option(
        '--level <level>',
        'only lines as grave as this, of apps that log JSON; of others stderr is "error"',
      ).choices(levels),
    )
    .addOption(new Option('--raw', 'only the text, as the app wrote it').conflicts('json'))
    .addOption(
      new Option('--reopen', 'open the files of `log.files` anew, after something has moved them').conflicts([
        'flush',
        'follow',
      ]),
    )
    .addOption(new Option('--flush', 'empty the logs instead of printing them').conflicts('follow'))
    .action((names: string[], options: LogsOptions) => logs(context(), names, options));
}

async function logs(context: Context, names: string[], options: LogsOptions): Promise<void> {
  if (options.reopen) return reopen(context);
  const { findLogTargets } = await import('../log-targets.ts');
  const dir = homePaths(context.home).logs;
  const targets = await findLogTargets(context, dir, names);
  if (options.flush) return flush(context, dir, targets);
  await print(context, targets, await readingOptions(dir, targets, options, context));
}

async function readingOptions(
  dir: string,
  targets: readonly string[] | null,
  options: LogsOptions,
  context: Context,
): Promise<ReadLogsOptions> {
  const { follow = false, since, until, grep, ignoreCase, level } = options;
  const ranged = since !== undefined || until !== undefined;
  const stream = options.err ? 'err' : options.out ? 'out' : undefined;
  const { notedFormat } = await import('../../logs/noted-format.ts');
  return {
    dir,
    ...(targets && { apps: [...new Set(targets.map(appOf))], instances: targets }),
    tail: options.lines ?? (ranged ? Number.POSITIVE_INFINITY : 100),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(grep !== undefined && { grep: new RegExp(grep, ignoreCase ? 'i' : '') }),
    ...(stream && { stream }),
    ...(level && { level }),
    ...(!options.raw && { structured: remembering((app) => notedFormat(dir, app) === 'json') }),
    follow,
    signal: context.signal,
  };
}

async function print(
  context: Context,
  targets: readonly string[] | null,
  reading: ReadLogsOptions,
): Promise<void> {
  const { out, json } = context;
  const { readLogs } = await import('../../logs/reader.ts');
  const { logLine } = await import('../print/log-line.ts');
  let nameWidth = Math.max(0, ...(targets ?? []).map((name) => name.length));
  const textOf = (line: LogLine): string => {
    if (json) return `${JSON.stringify(forPrograms(line))}\n`;
    if (!reading.structured) return line.partial ? line.text : `${line.text}\n`;
    nameWidth = Math.max(nameWidth, line.instance.length);
    const options = { style: out.style, now: Date.now(), forTerminal: out.isTTY, nameWidth };
    return `${logLine(line, options)}\n`;
  };
  for await (const line of readLogs(reading)) await out.flow(textOf(line));
}

/** With level and content of a line that is JSON. */
function forPrograms({ structured, ...line }: LogLine): object {
  return structured ? { ...line, level: structured.level, data: structured.data } : line;
}

async function reopen(context: Context): Promise<void> {
  const client = await context.look();
  // Without a daemon nobody has a file open.
  await client?.reopenLogs({ signal: context.signal });
}

async function flush(context: Context, dir: string, targets: readonly string[] | null): Promise<void> {
  const instance = targets?.find((target) => target !== appOf(target));
  if (instance !== undefined)
    throw new HoldfastError(
      'USAGE',
      `Cannot empty the log of "${instance}" alone: its app has one log, "${appOf(instance)}"`,
    );
  const [{ flushLog }, { loggedApps }] = await Promise.all([
    import('../../logs/flush.ts'),
    import('../../logs/log-files.ts'),
  ]);
  const client = await context.look();
  for (const app of targets ?? loggedApps(dir)) {
    // The daemon knows of the plain files, too.
    if (client) await client.flushLogs(app, { signal: context.signal });
    else flushLog(dir, app);
  }
}

function remembering(look: (app: string) => boolean): (app: string) => boolean {
  const known = new Map<string, boolean>();
  return (app) => {
    const answer = known.get(app) ?? look(app);
    known.set(app, answer);
    return answer;
  };
}

function checkPattern(text: string): string {
  try {
    new RegExp(text);
    return text;
  } catch {
    throw new InvalidArgumentError('It must be a regular expression');
  }
}
