/** `stop`, `restart`, `reload`, `delete` and `start` of what is there already. */
import type { Client } from '../../client/client.ts';
import { baseEnvForStart } from '../../config/base-env.ts';
import type { RestartRequest } from '../../protocol/api.ts';
import { ecosystemTarget, runEcosystem } from './ecosystem.ts';
import { listAfter } from './list.ts';
import { type Group, targetsOf } from './look-up.ts';
import { allOf, fail, type Session } from './session.ts';

export type Change = 'stop' | 'restart' | 'reload' | 'delete';

export async function change(session: Session, verb: Change): Promise<void> {
  const { words } = session;
  const [first] = words.targets;
  if (first === undefined)
    fail(session, `Say what to ${verb}: hold pm2 ${verb} <id|name|namespace|all|file>`);
  const file = ecosystemTarget(first);
  if (file) await runEcosystem(session, first, verb);
  else {
    const { client, groups } = await targetsOf(session);
    if ((verb === 'restart' || verb === 'reload') && !words.options.has('update-env'))
      session.voice.say('Environment variables stay as they are; --update-env takes those of this shell');
    await changeGroups(session, client, groups, verb);
  }
  await listAfter(session);
}

/** Reloads one app after the other, which is gentler; everything else at once, as PM2 does. */
export function changeGroups(
  session: Session,
  client: Client,
  groups: readonly Group[],
  verb: Change,
  request: RestartRequest = variablesOf(session),
): Promise<void> {
  return allOf(
    session,
    groups.map((group) => () => changeGroup(session, client, group, verb, request)),
    verb !== 'reload',
  );
}

async function changeGroup(
  session: Session,
  client: Client,
  { app, processes, whole }: Group,
  verb: Change,
  request: RestartRequest,
): Promise<void> {
  const { name } = app;
  const options = { signal: session.context.signal };
  const slots = whole ? [undefined] : processes.map(({ slot }) => slot);
  if (verb === 'delete') {
    if (!whole) {
      await client.scale(name, app.numbers.length - processes.length, options);
      session.voice.warn(
        `${name} has ${processes.length} fewer now; those with the highest numbers went, whichever were named`,
      );
      return;
    }
    await client.delete(name, options);
  } else {
    for (const slot of slots) {
      const body = slot === undefined ? {} : { slot };
      if (verb === 'stop') await client.stop(name, options, body);
      else await client[verb](name, options, { ...request, ...body });
    }
  }
  for (const { id } of processes) session.voice.say(`[${name}](${id}) ✓`);
}

/** PM2 keeps the environment of the first start, unless it is told otherwise. */
function variablesOf({ words, context }: Session): RestartRequest {
  return words.options.has('update-env') ? { baseEnv: baseEnvForStart(context.env) } : {};
}
