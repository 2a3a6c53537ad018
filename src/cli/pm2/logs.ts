/** `logs`: what apps print, in PM2's form. It reads Holdfast's own logs, so it works with any log file settings, or none. */
import { HoldfastError } from '../../errors.ts';
import type { LogLine } from '../../logs/log-line.ts';
import { homePaths } from '../../protocol/home.ts';
import { parseCount } from '../options.ts';
import { plainButColours } from '../print/text.ts';
import { allProcesses, matching } from './look-up.ts';
import type { Pm2Process } from './processes.ts';
import { fail, type Session } from './session.ts';

const usualLines = 15;

export async function logs(session: Session): Promise<void> {
  const { context, words } = session;
  const { options, targets } = words;
  const { client, processes } = await allProcesses(session);
  const found = new Set<Pm2Process>();
  for (const word of targets) {
    const meant = client ? await matching(word, processes, client, context.cwd) : [];
    if (meant.length === 0) fail(session, `${word} doesn't exist`);
    for (const one of meant) found.add(one);
  }
  const follow = !options.has('nostream');
  const meant = targets.length === 0 ? undefined : [...found];
  const tail = linesOf(options.get('lines'));
  if (follow && !session.voice.silent && context.out.isTTY)
    session.voice.say(`Last ${tail} lines of ${targets.join(' ') || 'all'}, then what comes; Ctrl-C ends it`);
  const { readLogs } = await import('../../logs/reader.ts');
  const lines = readLogs({
    dir: homePaths(context.home).logs,
    ...(meant && {
      apps: [...new Set(meant.map(({ app }) => app.name))],
      instances: meant.map(({ app, slot }) => `${app.name}.${slot}`),
    }),
    tail,
    ...(options.has('err') && { stream: 'err' as const }),
    ...(options.has('out') && { stream: 'out' as const }),
    follow,
    signal: context.signal,
  });
  const ids = new Map(processes.map(({ app, slot, id }) => [`${app.name}.${slot}`, id]));
  for await (const line of lines)
    await context.out.flow(`${printed(session, line, ids.get(line.instance))}\n`);
}

function linesOf(given: string | undefined): number {
  if (given === undefined) return usualLines;
  try {
    return parseCount(given);
  } catch {
    throw new HoldfastError('USAGE', `--lines must be a number: got "${given}"`);
  }
}

function printed({ context, words }: Session, line: LogLine, id: number | undefined): string {
  const { options } = words;
  const { style, isTTY } = context.out;
  const message = isTTY ? plainButColours(line.text) : line.text;
  const time = new Date(line.time).toISOString();
  if (options.has('json'))
    return JSON.stringify({
      message: line.text,
      timestamp: time,
      type: line.stream,
      process_id: id,
      app_name: line.app,
    });
  if (options.has('format'))
    return `timestamp=${time} app=${line.app} id=${id ?? ''} type=${line.stream} message=${message}`;
  if (options.has('raw')) return message;
  const mark = options.get('highlight');
  const text = mark ? message.replaceAll(mark, (word) => style.inverse(word)) : message;
  const head = `${id ?? ''}|${line.app.padEnd(9)}|`;
  const stamp = options.has('timestamp') ? `${time}: ` : '';
  return `${line.stream === 'err' ? style.red(head) : style.green(head)} ${stamp}${text}`;
}
