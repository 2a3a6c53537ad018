/** `list` and `logs`: what runs, and what it said. */
import { existsSync } from 'node:fs';
import { homePaths } from '../../protocol/home.ts';
import { ForeignExit } from '../foreign.ts';
import { plainButColours } from '../print/text.ts';
import { type ForeverProcess, findTarget, foreverProcesses, scriptName } from './process.ts';
import { type Session, textOption } from './session.ts';
import { alignedRows, processTable } from './table.ts';
import { type TailOptions, tailLines } from './tail.ts';

export async function list({ context, voice, root }: Session): Promise<void> {
  const processes = await all({ context, root });
  if (processes.length === 0) return voice.info('No forever processes running');
  voice.info('Forever processes running');
  for (const line of processTable(processes, root.columns, voice.style)) voice.data(line);
}

/** Without a word: the table of log files. */
export async function logs(session: Session): Promise<void> {
  const { context, voice, root, command } = session;
  const processes = await all(session);
  const target = command.words[0];
  if (target === undefined) {
    if (processes.length === 0) return voice.warn(`No forever logfiles in ${voice.style.magenta(root.dir)}`);
    voice.info('Logs for running Forever processes');
    for (const line of logTable(processes, session)) voice.data(line);
    return;
  }
  const meant = findTarget(target, processes, context.cwd);
  if (meant.length === 0) {
    voice.error(`No logs available for process: ${target}`);
    throw new ForeignExit(1);
  }
  const asked = Number(textOption(session, 'number') ?? root.config.loglength);
  const count = Number.isSafeInteger(asked) && asked >= 0 ? asked : 100;
  const follow = command.options.fifo === true || String(root.config.logstream) === 'true';
  const tails = meant.map((process) => () => tail(session, process, { count, follow }));
  if (follow) await Promise.all(tails.map((run) => run()));
  else for (const run of tails) await run();
}

async function all({ context, root }: Pick<Session, 'context' | 'root'>): Promise<ForeverProcess[]> {
  const client = await context.look();
  return client ? foreverProcesses(client, root.dir) : [];
}

function logTable(processes: readonly ForeverProcess[], { context, voice }: Session): string[] {
  const rows = processes.map((process, index) => {
    return [
      `[${index}]`,
      scriptName(process),
      process.logFile ?? `${homePaths(context.home).logs}/${process.name}.log`,
    ];
  });
  const { dim, magenta } = voice.style;
  return alignedRows([['   ', 'script', 'logfile'], ...rows], (text, column) =>
    column === 1 ? dim(text) : column === 2 ? magenta(text) : text,
  );
}

/** Its own log file, as it is; of one without (`-s`), what Holdfast has kept. */
async function tail(
  session: Session,
  process: ForeverProcess,
  { count, follow }: Omit<TailOptions, 'signal'>,
): Promise<void> {
  const { context, voice } = session;
  const print = (text: string) =>
    voice.data(
      `${voice.style.magenta(scriptName(process))}:${process.pid ?? '-'} - ${plainButColours(text)}`,
    );
  const { logFile } = process;
  const { signal } = context;
  if (logFile !== null && existsSync(logFile)) {
    for await (const line of tailLines(logFile, { count, follow, signal })) if (line !== '') print(line);
    return;
  }
  const { readLogs } = await import('../../logs/reader.ts');
  const dir = homePaths(context.home).logs;
  for await (const { text } of readLogs({ dir, apps: [process.name], tail: count, follow, signal }))
    print(text);
}
