/** `start`: a script, a command, an ecosystem file, or what is there already. */
import type { Client } from '../../client/client.ts';
import { changeGroups } from './change.ts';
import { ecosystemHere, ecosystemTarget, isUp, runEcosystem, startPlan } from './ecosystem.ts';
import { listAfter } from './list.ts';
import { allProcesses, grouped, matching } from './look-up.ts';
import { planned } from './plans.ts';
import { allOf, fail, type Session } from './session.ts';

export async function start(session: Session): Promise<void> {
  const { words, context } = session;
  const here = words.targets.length === 0 ? ecosystemHere(context.cwd) : undefined;
  const targets = here === undefined ? words.targets : [here];
  if (targets.length === 0)
    fail(session, 'Say what to start: a script, a command, an ecosystem file, or the name of an app');
  try {
    await allOf(
      session,
      targets.map((target) => () => startOne(session, target)),
      false,
    );
  } finally {
    await listAfter(session);
  }
}

async function startOne(session: Session, target: string): Promise<void> {
  if (ecosystemTarget(target)) return runEcosystem(session, target, 'start');
  const { client, processes } = await allProcesses(session);
  // `start app.js` is about a new process, unless it is there and stopped.
  const known =
    client && !/[./]/.test(target) ? await matching(target, processes, client, session.context.cwd) : [];
  if (client && known.length > 0) return changeGroups(session, client, grouped(known), 'restart');
  return startScript(session, target);
}

async function startScript(session: Session, script: string): Promise<void> {
  const { words, voice, context } = session;
  const { plan, notes } = await planned(session, { ...words.app, script }, { args: words.scriptArgs });
  for (const note of notes) voice.warn(`${plan.name}: ${note}`);
  const client = await context.connect();
  const old = (await client.apps()).find(({ name }) => name === plan.name);
  if (!old || !isUp(old)) return startPlan(session, client, plan, old);
  const same = (await client.plan(plan.name)).command.file === plan.command.file;
  if (same && !words.options.has('force'))
    fail(session, 'Script already launched, add -f option to force re-execution');
  const name = await freeName(client, plan.name);
  voice.warn(`There is an app ${plan.name} already: this one is named ${name}`);
  const renamed = await planned(session, { ...words.app, script, name }, { args: words.scriptArgs });
  await startPlan(session, client, renamed.plan);
}

async function freeName(client: Client, name: string): Promise<string> {
  const taken = new Set((await client.apps()).map((app) => app.name));
  let free = name;
  for (let n = 1; taken.has(free); n++) free = `${name}-${n}`;
  return free;
}
