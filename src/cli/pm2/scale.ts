/** `scale web 4`, `scale web +1`, `scale web -1`. */
import { listAfter } from './list.ts';
import { targetsOf } from './look-up.ts';
import { allOf, fail, type Session } from './session.ts';

export async function scale(session: Session): Promise<void> {
  const { words, voice, context } = session;
  const [name, wish = ''] = words.targets;
  if (name === undefined || !/^[+-]?\d{1,4}$/.test(wish))
    fail(session, 'Say how many: hold pm2 scale <name> <4|+1|-1>');
  const { client, groups } = await targetsOf(session, [name]);
  await allOf(
    session,
    groups.map(({ app }) => async () => {
      const count = app.numbers.length;
      const wanted = /^[+-]/.test(wish) ? count + Number(wish) : Number(wish);
      if (wanted < 1)
        fail(session, `${app.name} cannot have ${wanted} instances: hold pm2 stop ${app.name} stops it`);
      if (wanted === count) {
        voice.say('Nothing to do');
        return;
      }
      voice.say(`Scaling ${wanted > count ? 'up' : 'down'} ${app.name} to ${wanted}`);
      await client.scale(app.name, wanted, { signal: context.signal });
    }),
    false,
  );
  await listAfter(session);
}
