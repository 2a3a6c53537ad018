/** `hold ls production`: a target, when nothing that runs here, or has logs here, is called so. */
import { loadReleaseFacts } from '../../config/load.ts';
import { loggedApps } from '../../logs/log-files.ts';
import { homePaths } from '../../protocol/home.ts';
import type { Context } from '../context.ts';

export async function isOnlyTarget(context: Context, name: string): Promise<boolean> {
  // Anything else is a pattern, or an instance.
  if (name === 'all' || !/^[\w-]+$/.test(name) || loggedApps(homePaths(context.home).logs).includes(name))
    return false;
  const apps = (await (await context.look())?.apps()) ?? [];
  if (apps.some((app) => app.name === name || app.namespace === name)) return false;
  const { cwd, env } = context;
  // Without a configuration, or with a broken one, there is no target: the command says what else is wrong.
  const facts = await loadReleaseFacts({ cwd, env }).catch(() => null);
  return facts !== null && Object.hasOwn(facts.deploy, name);
}
