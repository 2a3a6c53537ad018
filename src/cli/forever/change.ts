/** `stop`, `stopall`, `restart`, `restartall` and `stopbypid`. */
import type { Client } from '../../client/client.ts';
import { asHoldfastError } from '../../errors.ts';
import { ForeignExit } from '../foreign.ts';
import { type ForeverProcess, findTarget, foreverProcesses } from './process.ts';
import type { Session } from './session.ts';
import { processTable } from './table.ts';

const NOBODY = 'No forever processes running';

/** What is stopped is no longer listed; SIGTERM first, SIGKILL only for what does not end. */
export async function stop(session: Session): Promise<void> {
  const { voice } = session;
  const target = session.command.words[0] ?? '';
  const found = await find(session, target);
  if (!found) {
    voice.error(`Forever cannot find process with id: ${target}`);
    throw new ForeignExit(1);
  }
  await each(found.processes, ({ name }) => found.client.delete(name, { signal: session.context.signal }));
  voice.info('Forever stopped process:');
  for (const line of tableOf(session, found.processes)) voice.plain(line);
}

export async function stopByPid(session: Session): Promise<void> {
  session.voice.warn(`Deprecated, try \`forever stop ${session.command.words[0]}\` instead.`);
  await stop(session);
}

export async function stopAll(session: Session): Promise<void> {
  const { voice } = session;
  const found = await find(session);
  if (!found) return voice.info(NOBODY);
  await each(found.processes, ({ name }) => found.client.delete(name, { signal: session.context.signal }));
  voice.info('Forever stopped processes:');
  for (const line of tableOf(session, found.processes)) voice.data(line);
}

/** Also what has ended is started again. */
export async function restart(session: Session): Promise<void> {
  const { voice } = session;
  const target = session.command.words[0] ?? '';
  const found = await find(session, target);
  if (!found) {
    voice.error(`Error restarting process: ${voice.style.dim(target)}`);
    voice.error(`Cannot find forever process: ${target}`);
    throw new ForeignExit(1);
  }
  await restartThem(session, found.client, found.processes, 'Forever restarted process(es):');
}

export async function restartAll(session: Session): Promise<void> {
  const found = await find(session);
  if (!found) return session.voice.info(NOBODY);
  await restartThem(session, found.client, found.processes, 'Forever restarted processes:');
}

async function restartThem(
  session: Session,
  client: Client,
  processes: readonly ForeverProcess[],
  title: string,
): Promise<void> {
  const { voice, root, context } = session;
  const names = processes.map(({ name }) => name);
  const failures = await Promise.all(
    names.map((name) =>
      client.restart(name, { signal: context.signal }).then(
        () => undefined,
        (error: unknown) => asHoldfastError(error),
      ),
    ),
  );
  const now = await foreverProcesses(client, root.dir);
  voice.info(title);
  for (const line of tableOf(
    session,
    now.filter(({ name }) => names.includes(name)),
  ))
    voice.data(line);
  for (const failure of failures.filter((each) => each !== undefined)) voice.warn(failure.message);
  // That it ended at once is its own affair; that it could not be asked for is not.
  if (
    failures.some(
      (failure) => failure && failure.code !== 'START_FAILED' && failure.code !== 'ROLLOUT_FAILED',
    )
  )
    throw new ForeignExit(1);
}

interface Found {
  readonly client: Client;
  readonly processes: readonly ForeverProcess[];
}

/** All of them without a target; undefined when there is none. */
async function find({ context, root }: Session, target?: string): Promise<Found | undefined> {
  const client = await context.look();
  if (!client) return undefined;
  const all = await foreverProcesses(client, root.dir);
  const processes = target === undefined ? all : findTarget(target, all, context.cwd);
  return processes.length === 0 ? undefined : { client, processes };
}

/** Even when one fails; then that is what is thrown. */
async function each<T>(items: readonly T[], change: (item: T) => Promise<unknown>): Promise<void> {
  const outcomes = await Promise.allSettled(items.map(change));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

function tableOf({ root, voice }: Session, processes: readonly ForeverProcess[]): string[] {
  return processTable(processes, root.columns, voice.style);
}
