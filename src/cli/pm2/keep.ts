/**
 * `save`, `resurrect` and `cleardump`. Holdfast keeps its list itself, at every change; the dump is for what PM2's users do with
 * it: `kill`, and later `resurrect`. One that PM2 itself has left is read, too: that is the move from PM2.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Client } from '../../client/client.ts';
import { readDump } from '../../config/import/pm2-dump.ts';
import { readEcosystemText } from '../../config/import/pm2-file.ts';
import type { AppPlan } from '../../config/plan.ts';
import { HoldfastError } from '../../errors.ts';
import { writeAtomic } from '../../kit/atomic-file.ts';
import { startPlan } from './ecosystem.ts';
import { listAfter } from './list.ts';
import { planned } from './plans.ts';
import { allOf, fail, type Session } from './session.ts';

/** One app in a dump of ours. */
interface SavedApp {
  readonly name: string;
  readonly script: string;
  readonly stopped: boolean;
  /** With its environment, so the file is 0600. */
  readonly plan: AppPlan;
}

export async function save(session: Session): Promise<void> {
  const { context, voice, words, pm2Home } = session;
  const client = await context.look();
  const apps = ((await client?.apps()) ?? []).filter(({ kind }) => kind === 'app');
  if ((!client || apps.length === 0) && !words.options.has('force')) {
    voice.warn('There are no apps, so nothing is saved; hold pm2 save --force saves the empty list');
    return;
  }
  const saved = await Promise.all(
    apps.map(async ({ name, status }): Promise<SavedApp | undefined> => {
      const plan = await client?.plan(name);
      return plan && { name, script: plan.command.file, stopped: status === 'stopped', plan };
    }),
  );
  const { dump, backup } = filesOf(pm2Home);
  mkdirSync(pm2Home, { recursive: true, mode: 0o700 });
  if (existsSync(dump)) renameSync(dump, backup);
  await writeAtomic(dump, `${JSON.stringify(saved.filter(Boolean), null, 2)}\n`);
  voice.say(`Successfully saved in ${dump}`);
}

export async function clearDump(session: Session): Promise<void> {
  const { dump } = filesOf(session.pm2Home);
  rmSync(dump, { force: true });
  session.voice.say(`Removed ${dump}`);
}

/** Starts the daemon, which brings back what it had; then what the dump has and Holdfast has not. */
export async function resurrect(session: Session): Promise<void> {
  const { context, voice, pm2Home } = session;
  const client = await context.connect();
  const known = new Set((await client.apps()).map(({ name }) => name));
  const found = readSaved(session);
  if (!found && known.size === 0)
    fail(session, `There is no list to restore: ${filesOf(pm2Home).dump} is not there`);
  const missing = (found?.apps ?? []).filter(({ name }) => !known.has(String(name)));
  if (found && missing.length > 0) voice.say(`Restoring processes located in ${found.file}`);
  else voice.say('What ran runs again: Holdfast brings it back by itself');
  await allOf(
    session,
    missing.map((app) => () => restore(session, client, app, found?.file ?? pm2Home)),
    false,
  );
  await listAfter(session);
}

type Entry = Readonly<Record<string, unknown>>;

async function restore(session: Session, client: Client, app: Entry, file: string): Promise<void> {
  if (app.plan !== undefined) {
    const { plan, stopped } = app as unknown as SavedApp;
    return startPlan(session, client, stopped ? { ...plan, autostart: false } : plan);
  }
  const { plan, notes } = await planned(session, app, { beside: dirname(file) });
  for (const note of notes) session.voice.warn(`${plan.name}: ${note}`);
  return startPlan(session, client, plan);
}

/** From the dump, or from the one before when that is missing or damaged; a damaged one is removed, as PM2 does it. */
function readSaved({ pm2Home, voice }: Session): { file: string; apps: readonly Entry[] } | undefined {
  const { dump, backup } = filesOf(pm2Home);
  for (const file of [dump, backup]) {
    if (!existsSync(file)) continue;
    try {
      const text = readFileSync(file, 'utf8');
      if (text.trim() === '' || text.trim() === '[]') return { file, apps: [] };
      const { apps } = readEcosystemText(text, file);
      return { file, apps: apps.some((app) => app.plan !== undefined) ? apps : readDump(apps) };
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      voice.warn(`${error.message}; it is removed`);
      rmSync(file);
    }
  }
  return undefined;
}

function filesOf(pm2Home: string): { dump: string; backup: string } {
  return { dump: join(pm2Home, 'dump.pm2'), backup: join(pm2Home, 'dump.pm2.bak') };
}
