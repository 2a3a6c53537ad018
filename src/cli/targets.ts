/** The apps that a command is about: names, or `all`. */

import type { Client } from '../client/client.ts';
import { didYouMean } from '../config/suggest.ts';
import { HoldfastError } from '../errors.ts';
import type { AppView } from '../protocol/api.ts';
import type { Context } from './context.ts';

/** The daemon and the apps that are meant. APP_UNKNOWN when one of the names is none: before anything is changed. */
export async function lookUp(
  context: Context,
  names: readonly string[],
): Promise<{ client: Client; apps: AppView[] } | null> {
  const client = await context.look();
  if (!client) {
    const name = names.find((each) => each !== 'all');
    if (name !== undefined) throw unknownApp(name, []);
    return null;
  }
  const apps = await client.apps();
  return { client, apps: pick(apps, names) };
}

/** As `lookUp`, for commands that are about exactly one app. */
export async function lookUpOne(context: Context, name: string): Promise<{ client: Client; app: AppView }> {
  if (name === 'all') throw new HoldfastError('USAGE', 'This command takes the name of one app: got "all"');
  const found = await lookUp(context, [name]);
  const [app] = found?.apps ?? [];
  if (!found || !app) throw unknownApp(name, []);
  return { client: found.client, app };
}

/** In the order of the names, each once; `all` means every app but not Holdfast's own edge. */
export function pick(apps: readonly AppView[], names: readonly string[]): AppView[] {
  const picked = names.flatMap((name) => {
    if (name === 'all') return apps.filter(({ kind }) => kind === 'app');
    const app = apps.find((each) => each.name === name);
    if (!app)
      throw unknownApp(
        name,
        apps.map((each) => each.name),
      );
    return [app];
  });
  return [...new Set(picked)];
}

export function unknownApp(name: string, known: readonly string[]): HoldfastError {
  const message = `There is no app "${name}"`;
  return new HoldfastError(
    'APP_UNKNOWN',
    known.length === 0 ? `${message}: nothing is running` : message + didYouMean(name, known),
  );
}
