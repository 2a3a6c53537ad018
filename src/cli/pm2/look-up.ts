/** What the words of a command mean: number, name, namespace, `all`, `/regex/`, or the path of a script. */
import { resolve } from 'node:path';
import type { Client } from '../../client/client.ts';
import { pm2Name } from '../../config/import/pm2-name.ts';
import { didYouMean } from '../../config/suggest.ts';
import { namespaceOf, type Pm2Process, processesOf } from './processes.ts';
import { fail, type Session } from './session.ts';

/** The processes of one app that are meant. */
export interface Group {
  readonly app: Pm2Process['app'];
  readonly processes: readonly Pm2Process[];
  /** It is about all of the app. */
  readonly whole: boolean;
}

/** Without a daemon there are none, and none is started. */
export async function allProcesses(
  session: Session,
): Promise<{ client: Client | null; processes: Pm2Process[] }> {
  const client = await session.context.look();
  return { client, processes: client ? processesOf(await client.apps()) : [] };
}

/** Empty when nothing has that name. */
export async function matching(
  word: string,
  all: readonly Pm2Process[],
  client: Client,
  cwd: string,
): Promise<Pm2Process[]> {
  if (word === 'all') return [...all];
  if (/^\d+$/.test(word)) return all.filter(({ id }) => id === Number(word));
  const pattern = patternOf(word);
  if (pattern) return all.filter(({ app }) => pattern.test(app.name));
  for (const name of [word, pm2Name(word)]) {
    const named = all.filter(({ app }) => app.name === name);
    if (named.length > 0) return named;
    const inNamespace = all.filter(({ app }) => namespaceOf(app) === name);
    if (inNamespace.length > 0) return inNamespace;
  }
  return /[./]/.test(word) ? byScript(resolve(cwd, word), all, client) : [];
}

async function byScript(path: string, all: readonly Pm2Process[], client: Client): Promise<Pm2Process[]> {
  const names = new Set(all.map(({ app }) => app.name));
  const details = await Promise.all([...names].map((name) => client.app(name)));
  const found = new Set(details.filter(({ plan }) => plan.command.file === path).map(({ name }) => name));
  return all.filter(({ app }) => found.has(app.name));
}

/** `/^web-[12]/`; null when it is none. A pattern that is wrong matches nothing. */
function patternOf(word: string): RegExp | null {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/.exec(word) ?? [];
  if (source === undefined) return null;
  try {
    return new RegExp(source, flags);
  } catch {
    return /(?!)/;
  }
}

/** What all the words mean together. One that means nothing ends the command before anything is changed. */
export async function targetsOf(
  session: Session,
  words: readonly string[] = session.words.targets,
): Promise<{ client: Client; groups: Group[] }> {
  const { client, processes } = await allProcesses(session);
  const found = new Set<Pm2Process>();
  for (const word of words) {
    const meant = client ? await matching(word, processes, client, session.context.cwd) : [];
    if (meant.length === 0) unknown(session, word, processes);
    for (const one of meant) found.add(one);
  }
  if (!client || found.size === 0) fail(session, 'No process found');
  return { client, groups: grouped([...found]) };
}

export function grouped(processes: readonly Pm2Process[]): Group[] {
  const apps = new Map<string, Pm2Process[]>();
  for (const one of processes) apps.set(one.app.name, [...(apps.get(one.app.name) ?? []), one]);
  return [...apps.values()].flatMap((own) => {
    const [first] = own;
    return first ? [{ app: first.app, processes: own, whole: own.length === first.app.numbers.length }] : [];
  });
}

function unknown(session: Session, word: string, all: readonly Pm2Process[]): never {
  if (word === 'all') fail(session, 'No process found');
  if (/^\d+$/.test(word)) fail(session, `${word} : id unknown`);
  fail(
    session,
    `Process or Namespace ${word} not found${didYouMean(word, new Set(all.map(({ app }) => app.name)))}`,
  );
}
