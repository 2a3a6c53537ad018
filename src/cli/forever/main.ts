/** `hold forever …` from its words to its action. */
import { asHoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { ForeignExit } from '../foreign.ts';
import { readVersion } from '../version.ts';
import { type Action, type ForeverCommand, parseForever } from './argv.ts';
import { restart, restartAll, stop, stopAll, stopByPid } from './change.ts';
import { help } from './help.ts';
import { list, logs } from './look.ts';
import { findRoot } from './root.ts';
import type { Session } from './session.ts';
import { cleanLogs, clear, columns, config, set } from './settings.ts';
import { Voice } from './voice.ts';

/** The version of forever whose command line this is. */
const FOREVER_VERSION = '4.0.3';

/** @throws ForeignExit for an exit code other than 0: what is wrong has been said then */
export async function runForever(context: Context, words: readonly string[]): Promise<void> {
  const voice = new Voice(context.out);
  try {
    await dispatch(context, parseForever(words));
  } catch (error) {
    if (error instanceof ForeignExit || context.signal.aborted) throw error;
    const { message, details, hint, exitCode } = asHoldfastError(error);
    voice.error(message);
    for (const line of details) voice.error(line);
    if (hint !== '') voice.error(hint);
    throw new ForeignExit(exitCode === 2 ? 255 : 1);
  }
}

async function dispatch(context: Context, command: ForeverCommand): Promise<void> {
  const { options, action } = command;
  const colour =
    options.plain === true || options.colors === false ? false : options.colors === true || undefined;
  const voice = new Voice(context.out, colour);
  if (options.version) return voice.plain(`v${FOREVER_VERSION} (Holdfast ${readVersion()})`);
  if (options.help || action === null || action === 'help') return voice.plain(help);
  const flag = typeof options.path === 'string' ? options.path : undefined;
  const root = findRoot({ flag, env: context.env, cwd: context.cwd });
  const session: Session = { context, voice, root, command };
  if (needsWord.includes(action) && command.words.length === 0) return voice.plain(help);
  if ((await doers[action](session)) === false) voice.plain(help);
}

/** Without one, forever prints its help. */
const needsWord: readonly Action[] = ['start', 'stop', 'end', 'stopbypid', 'restart'];

/** false: it was not said right. */
const doers: Readonly<Record<Exclude<Action, 'help'>, (session: Session) => unknown>> = {
  // Only these two need to know all settings, which take a while to load.
  start: async (session) => (await import('./start.ts')).start(session),
  foreground: async (session) => (await import('./foreground.ts')).foreground(session),
  stop,
  end: stop,
  stopbypid: stopByPid,
  stopall: stopAll,
  restart,
  restartall: restartAll,
  list,
  logs,
  config,
  set,
  clear,
  columns,
  cleanlogs: cleanLogs,
};
