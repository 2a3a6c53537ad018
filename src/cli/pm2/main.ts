/** `hold pm2 …` from its words to its action. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { didYouMean } from '../../config/suggest.ts';
import { asHoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { ForeignExit } from '../foreign.ts';
import { readVersion } from '../version.ts';
import { change } from './change.ts';
import { describe, jlist, prettyList } from './describe.ts';
import { ecosystemExample, examples, help } from './help.ts';
import { instead } from './instead.ts';
import { clearDump, resurrect, save } from './keep.ts';
import { list } from './list.ts';
import { logs } from './logs.ts';
import { scale } from './scale.ts';
import { fail, pm2HomeOf, type Session } from './session.ts';
import { env, flush, id, kill, pid, ping, reloadLogs, reset, send, sendSignal } from './small.ts';
import { start } from './start.ts';
import { Voice } from './voice.ts';
import { readWords } from './words.ts';

/** @throws ForeignExit for an exit code other than 0: what is wrong has been said then */
export async function runPm2(context: Context, argv: readonly string[]): Promise<void> {
  try {
    const [first = ''] = argv.filter((word) => !word.startsWith('-'));
    // Their options are not known here.
    if (Object.hasOwn(instead, first)) refuse(context, first);
    const words = readWords(argv);
    const voice = new Voice(context, words.options.has('silent'));
    await dispatch({ context, voice, words, pm2Home: pm2HomeOf(context.env, context.cwd) });
  } catch (error) {
    if (error instanceof ForeignExit || context.signal.aborted) throw error;
    const { message, details, hint } = asHoldfastError(error);
    new Voice(context, false).error(message, [...(hint === '' ? [] : [hint]), ...details]);
    throw new ForeignExit(1);
  }
}

function refuse(context: Context, command: string): never {
  new Voice(context, false).error(`"${command}" is not here. ${instead[command]}`);
  throw new ForeignExit(1);
}

async function dispatch(session: Session): Promise<void> {
  const { command, options } = session.words;
  const { out } = session.context;
  if (options.has('version')) return out.line(readVersion());
  if (options.has('help') || command === undefined || command === 'help') return out.line(help);
  const doer = doers[command] ?? doers[other[command] ?? ''];
  if (!doer)
    fail(session, `Command not found: ${command}${didYouMean(command, Object.keys(doers))}`, [
      'hold pm2 --help lists what there is',
    ]);
  await doer(session);
}

type Doer = (session: Session) => Promise<void> | void;

const doers: Readonly<Record<string, Doer>> = {
  start,
  stop: (session) => change(session, 'stop'),
  restart: (session) => change(session, 'restart'),
  reload: (session) => change(session, 'reload'),
  delete: (session) => change(session, 'delete'),
  startOrRestart: (session) => change(session, 'restart'),
  startOrReload: (session) => change(session, 'reload'),
  scale,
  list,
  jlist,
  prettylist: prettyList,
  describe,
  env,
  id,
  pid,
  logs,
  flush,
  reloadLogs,
  reset,
  sendSignal,
  send,
  save,
  resurrect,
  cleardump: clearDump,
  kill,
  ping,
  monit,
  startup: (session) => say(session, 'To start at boot with all that runs now, run: sudo hold boot enable'),
  unstartup: (session) => say(session, 'To not start at boot any more, run: sudo hold boot disable'),
  update: (session) =>
    say(
      session,
      'To go on with the version that is installed now, run: hold upgrade; no app is restarted by it',
    ),
  ecosystem,
  examples: ({ context }) => context.out.line(examples),
};

const other: Readonly<Record<string, string>> = {
  del: 'delete',
  rm: 'delete',
  end: 'stop',
  ls: 'list',
  l: 'list',
  ps: 'list',
  status: 'list',
  desc: 'describe',
  info: 'describe',
  show: 'describe',
  dump: 'save',
  startOrGracefulReload: 'startOrReload',
  gracefulReload: 'reload',
  imonit: 'monit',
  dashboard: 'monit',
  dash: 'monit',
  updatePM2: 'update',
  deepUpdate: 'update',
  init: 'ecosystem',
};

function say({ context }: Session, text: string): void {
  context.out.line(text);
}

async function monit(session: Session): Promise<void> {
  const { context } = session;
  const client = await context.look();
  if (!client) return session.voice.say('Nothing is running');
  const { liveView } = await import('../top/live-view.ts');
  await liveView(client, {
    signal: context.signal,
    stdin: context.stdin,
    stdout: context.out.stream,
    env: context.env,
  });
}

function ecosystem(session: Session): void {
  const file = join(session.context.cwd, 'ecosystem.config.js');
  if (existsSync(file)) fail(session, `There is a file ${file} already`);
  writeFileSync(file, ecosystemExample);
  session.voice.say(`File ${file} generated`);
}
