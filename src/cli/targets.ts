/** What a command is about: apps by name or namespace, single instances such as `web.1`, `/regex/`, or `all`. */

import type { Client } from '../client/client.ts';
import { didYouMean } from '../config/suggest.ts';
import { HoldfastError } from '../errors.ts';
import type { AppView } from '../protocol/api.ts';
import type { Context } from './context.ts';
import { patternOf } from './pattern.ts';

export interface Target {
  readonly app: AppView;
  /** One instance of it; null = all of it. */
  readonly slot: number | null;
}

/** The daemon and what is meant. APP_UNKNOWN when something named is not there: before anything is changed. */
export async function lookUp(
  context: Context,
  names: readonly string[],
): Promise<{ client: Client; targets: Target[] } | null> {
  const client = await context.look();
  if (!client) {
    const name = names.find((each) => each !== 'all');
    if (name !== undefined) throw unknownApp(name, []);
    return null;
  }
  return { client, targets: pick(await client.apps(), names) };
}

/** As `lookUp`, for commands that are about whole apps. */
export async function lookUpApps(
  context: Context,
  names: readonly string[],
): Promise<{ client: Client; apps: AppView[] } | null> {
  const found = await lookUp(context, names);
  if (!found) return null;
  const single = found.targets.find(({ slot }) => slot !== null);
  if (single) throw onlyWholeApps(`${single.app.name}.${single.slot}`, single.app.name);
  return { client: found.client, apps: found.targets.map(({ app }) => app) };
}

/** As `lookUp`, for commands that are about exactly one app. */
export async function lookUpOne(context: Context, name: string): Promise<{ client: Client; app: AppView }> {
  const found = name === 'all' ? null : await lookUpApps(context, [name]);
  const [app, ...others] = found?.apps ?? [];
  if (found && app && others.length === 0) return { client: found.client, app };
  if (found || name === 'all')
    throw new HoldfastError('USAGE', `This command takes the name of one app: got "${name}"`);
  throw unknownApp(name, []);
}

/**
 * In the order of the names, each once. `all` means every app but Holdfast's own edge; the name of an app goes before that of a
 * namespace.
 */
export function pick(apps: readonly AppView[], names: readonly string[]): Target[] {
  const picked = new Map<string, Target>();
  for (const name of names) {
    for (const target of matches(apps, name)) {
      const { app, slot } = target;
      if (picked.has(app.name)) continue;
      // An app that is meant as a whole takes its instances with it.
      if (slot === null)
        for (const key of picked.keys()) if (key.startsWith(`${app.name}.`)) picked.delete(key);
      picked.set(slot === null ? app.name : `${app.name}.${slot}`, target);
    }
  }
  return [...picked.values()];
}

function matches(apps: readonly AppView[], name: string): Target[] {
  const own = apps.filter(({ kind }) => kind === 'app');
  if (name === 'all') return own.map(whole);
  const app = apps.find((each) => each.name === name);
  if (app) return [whole(app)];
  const pattern = patternOf(name);
  const several = own.filter((each) => (pattern ? pattern.test(each.name) : each.namespace === name));
  if (several.length > 0) return several.map(whole);
  if (pattern) throw new HoldfastError('APP_UNKNOWN', `There is no app whose name matches ${name}`);
  return [instanceOf(apps, name)];
}

function whole(app: AppView): Target {
  return { app, slot: null };
}

function instanceOf(apps: readonly AppView[], name: string): Target {
  const [, appName, digits] = /^(.+)\.(\d{1,4})$/.exec(name) ?? [];
  const app = apps.find((each) => each.name === appName);
  const known = [...apps.map((each) => each.name), ...apps.flatMap(({ namespace }) => namespace ?? [])];
  if (!app || digits === undefined) throw unknownApp(name, [...new Set(known)]);
  const slot = Number(digits);
  // Those of Holdfast's own have no numbers.
  const slots = app.kind === 'app' ? app.numbers.length : app.wanted;
  if (slot < slots) return { app, slot };
  const last = slots - 1;
  const there = last === 0 ? `only "${appName}.0"` : `"${appName}.0" to "${appName}.${last}"`;
  throw new HoldfastError('APP_UNKNOWN', `There is no instance "${name}": there is ${there}`);
}

export function onlyWholeApps(instance: string, app: string): HoldfastError {
  return new HoldfastError('USAGE', `This command is about whole apps: got the instance "${instance}"`, {
    hint: `Name the app: "${app}"`,
  });
}

export function unknownApp(name: string, known: readonly string[]): HoldfastError {
  const message = `There is no app "${name}"`;
  return new HoldfastError(
    'APP_UNKNOWN',
    known.length === 0 ? `${message}: nothing is running` : message + didYouMean(name, known),
  );
}
