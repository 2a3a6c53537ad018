/** `save`, `resurrect` and what belongs to them: Holdfast keeps its list itself, and reads one that PM2 has left. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readDump } from '../../config/import/pm2-dump.ts';
import { readEcosystemText } from '../../config/import/pm2-file.ts';
import { startPlan } from './ecosystem.ts';
import { listAfter } from './list.ts';
import { planned } from './plans.ts';
import { allOf, type Session } from './session.ts';

export async function save(session: Session): Promise<void> {
  session.voice.say('Nothing to do: Holdfast saves its list by itself, at every change');
}

export async function clearDump(session: Session): Promise<void> {
  session.voice.say('Nothing to do: there is no dump; hold pm2 delete all empties the list');
}

/**
 * Starts the daemon, which brings back what ran. When Holdfast knows of no app yet and PM2 has left a list of its own, that is
 * started: the move from PM2.
 */
export async function resurrect(session: Session): Promise<void> {
  const { context, voice, pm2Home } = session;
  const client = await context.connect();
  const apps = await client.apps();
  const dump = [join(pm2Home, 'dump.pm2'), join(pm2Home, 'dump.pm2.bak')].find((file) => existsSync(file));
  if (apps.length > 0 || dump === undefined)
    voice.say('What ran runs again: Holdfast brings it back by itself');
  else {
    voice.say(`Restoring processes located in ${dump}`);
    const { apps: found } = readEcosystemText(await readFile(dump, 'utf8'), dump);
    await allOf(
      session,
      readDump(found).map((app) => async () => {
        const { plan, notes } = planned(session, app, { beside: dirname(dump) });
        for (const note of notes) voice.warn(`${plan.name}: ${note}`);
        await startPlan(session, client, plan);
      }),
      false,
    );
  }
  await listAfter(session);
}
