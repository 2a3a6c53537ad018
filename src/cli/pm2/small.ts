/** The small commands: numbers, pids, environment, signals, text, counts and logs. */
import type { AppView } from '../../protocol/api.ts';
import { listAfter } from './list.ts';
import { allProcesses, type Group, matching, targetsOf } from './look-up.ts';
import { allOf, fail, type Session } from './session.ts';

/** `[ 0, 1 ]`; `[]` for what is not there, which is no failure. */
export async function id(session: Session): Promise<void> {
  const [name = 'all'] = session.words.targets;
  const { client, processes } = await allProcesses(session);
  const found = client ? await matching(name, processes, client, session.context.cwd) : [];
  const ids = found.map((one) => one.id);
  session.context.out.line(ids.length === 0 ? '[]' : `[ ${ids.join(', ')} ]`);
}

/** One pid in each line, 0 for what does not run. */
export async function pid(session: Session): Promise<void> {
  const [name = 'all'] = session.words.targets;
  const { client, processes } = await allProcesses(session);
  const found = client ? await matching(name, processes, client, session.context.cwd) : [];
  session.context.out.lines(
    found.length === 0 ? [''] : found.map(({ instance }) => String(instance?.pid ?? 0)),
  );
}

/** What the app gets from its settings and its shell. Asked for by its owner, so nothing is masked. */
export async function env(session: Session): Promise<void> {
  const { client, groups } = await targetsOf(session);
  const { out } = session.context;
  for (const { app, processes } of groups) {
    const plan = await client.plan(app.name);
    for (const { slot } of processes) {
      const all = { ...plan.baseEnv, ...plan.env, NODE_APP_INSTANCE: String(slot) };
      out.lines(Object.entries(all).map(([name, value]) => `${name}: ${out.style.green(value)}`));
    }
  }
}

export async function reset(session: Session): Promise<void> {
  const { client, groups } = await targetsOf(session);
  await allOf(
    session,
    groups.map(({ app }) => async () => {
      session.voice.say(`Restart counts of ${app.name} are 0 again`);
      await client.reset(app.name);
    }),
    false,
  );
  await listAfter(session);
}

export async function sendSignal(session: Session): Promise<void> {
  const [signal, ...targets] = session.words.targets;
  if (signal === undefined || targets.length === 0)
    fail(session, 'Say which: hold pm2 sendSignal SIGUSR2 <id|name>');
  const { client, groups } = await targetsOf(session, targets);
  const named = signal.startsWith('SIG') ? signal : `SIG${signal}`;
  await allOf(
    session,
    groups.flatMap((group) =>
      slotsOf(group).map((body) => async () => {
        await client.sendSignal(group.app.name, { signal: named, ...body });
        session.voice.say(`successfully sent signal ${named} to process name ${group.app.name}`);
      }),
    ),
    false,
  );
}

/** `send 0 "a line"` */
export async function send(session: Session): Promise<void> {
  const [target, ...line] = session.words.targets;
  if (target === undefined || line.length === 0) fail(session, 'Say what: hold pm2 send <id> <line>');
  const { client, groups } = await targetsOf(session, [target]);
  for (const group of groups)
    for (const body of slotsOf(group))
      await client.sendText(group.app.name, { text: `${line.join(' ')}\n`, ...body });
}

/** One request for the whole app, or one for each of the slots that are meant. */
function slotsOf({ whole, processes }: Group): { slot?: number }[] {
  return whole ? [{}] : processes.map(({ slot }) => ({ slot }));
}

/** Empties logs: of everything, or of what is named. */
export async function flush(session: Session): Promise<void> {
  const { words, voice, context } = session;
  if (words.targets.length === 0) {
    const client = await context.look();
    await client?.flushLogs(null);
  } else {
    const { client, groups } = await targetsOf(session);
    for (const { app } of groups) await client.flushLogs(app.name);
  }
  voice.say('Logs flushed');
}

/** After logrotate has moved the files away. */
export async function reloadLogs(session: Session): Promise<void> {
  const client = await session.context.look();
  await client?.reopenLogs();
  session.voice.say('All log files are opened anew');
}

/** Ends everything, and the daemon. */
export async function kill(session: Session): Promise<void> {
  const { context, voice } = session;
  const client = await context.look();
  const apps: AppView[] = client ? await client.apps() : [];
  await client?.down({ signal: context.signal });
  for (const { name, numbers } of apps) for (const number of numbers) voice.say(`[${name}](${number}) ✓`);
  voice.say('[v] All Applications Stopped');
  voice.say('[v] Daemon Stopped');
}

export async function ping(session: Session): Promise<void> {
  await session.context.connect();
  session.context.out.line("{ msg: 'pong' }");
}
