import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../kit/units.ts';
import { homePaths } from '../../protocol/home.ts';
import type { Context } from '../context.ts';
import { parseCount } from '../options.ts';
import type { ContextFactory } from '../program.ts';

interface LogsOptions {
  follow?: boolean;
  lines?: number;
  since?: number;
  grep?: RegExp;
  err?: boolean;
}

export function defineLogs(program: Command, context: ContextFactory): void {
  program
    .command('logs')
    .summary('what apps print, merged and in order of time')
    .description(
      'Prints what apps wrote, merged and in order of time; "!" marks stderr. It reads files, so it works without a daemon. With `--json` one line each.',
    )
    .argument('[app...]', 'names of apps, or of instances such as web.0 (default: all apps)')
    .option('-f, --follow', 'go on with what they print now')
    .option('-n, --lines <n>', 'how many lines of the past (default: 100, with --since: all)', parseCount)
    .option('--since <time>', 'not older than "10m", or than a time such as 2026-03-01T12:00', parseSince)
    .option('--grep <pattern>', 'only lines that match this regular expression', parsePattern)
    .option('--err', 'only stderr')
    .action((names: string[], options: LogsOptions) => logs(context(), names, options));
}

async function logs(context: Context, names: string[], options: LogsOptions): Promise<void> {
  const { out, json, signal } = context;
  const { follow = false, since, grep, err: onlyErr = false } = options;
  const tail = options.lines ?? (since === undefined ? 100 : Number.POSITIVE_INFINITY);
  const dir = homePaths(context.home).logs;
  const targets = names.filter((name) => name !== 'all').map(targetOf);
  for (const { app } of targets) await assertKnown(context, dir, app);
  const { readLogs } = await import('../../logs/reader.ts');
  const { logLine } = await import('../print/log-line.ts');
  const lines = readLogs({
    dir,
    ...(targets.length > 0 && { apps: [...new Set(targets.map(({ app }) => app))] }),
    ...(targets.some(({ instance }) => instance !== null) && { instances: targets.flatMap(instancesOf) }),
    tail,
    ...(since !== undefined && { since }),
    ...(grep && { grep }),
    ...(onlyErr && { stream: 'err' as const }),
    follow,
    signal,
  });
  let nameWidth = Math.max(0, ...targets.map(({ name }) => name.length));
  for await (const line of lines) {
    nameWidth = Math.max(nameWidth, line.instance.length);
    const text = json
      ? JSON.stringify(line)
      : logLine(line, { style: out.style, now: Date.now(), forTerminal: out.isTTY, nameWidth });
    await out.flow(`${text}\n`);
  }
}

interface Target {
  /** As it was typed. */
  readonly name: string;
  readonly app: string;
  readonly instance: string | null;
}

/** `web.0` is an instance, since the names of apps have no dot. */
function targetOf(name: string): Target {
  const dot = name.indexOf('.');
  return dot === -1 ? { name, app: name, instance: null } : { name, app: name.slice(0, dot), instance: name };
}

/** All that an app can have, since the reader takes instances only: no app has more than a thousand. */
function instancesOf({ app, instance }: Target): string[] {
  if (instance !== null) return [instance];
  return Array.from({ length: 1000 }, (_, slot) => `${app}.${slot}`);
}

/** An app is known by its log, or, when it has written nothing yet, by the daemon. */
async function assertKnown(context: Context, dir: string, app: string): Promise<void> {
  const { readdir } = await import('node:fs/promises');
  const files = await readdir(dir).catch(() => []);
  const logged = files.flatMap((file) => /^(@?[\w-]+)\.log$/.exec(file)?.[1] ?? []);
  if (logged.includes(app)) return;
  const client = await context.look();
  const known = client ? (await client.apps()).map(({ name }) => name) : [];
  if (known.includes(app)) return;
  const { unknownApp } = await import('../targets.ts');
  throw unknownApp(app, [...new Set([...known, ...logged])]);
}

/** ms since the epoch of `10m` (ago) or of a point in time. */
export function parseSince(text: string, _previous?: unknown, now = Date.now()): number {
  const ago = parseDuration(text);
  if (ago !== undefined) return now - ago;
  const moment = Date.parse(text);
  if (Number.isNaN(moment)) {
    throw new InvalidArgumentError('It must be a time such as "10m" (ago) or "2026-03-01T12:00"');
  }
  return moment;
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError('It must be a regular expression');
  }
}
