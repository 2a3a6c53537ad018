/** Whose logs are meant: apps and instances, by log files first, so that it works without a daemon. */
import type { AppView } from '../protocol/api.ts';
import type { Context } from './context.ts';
import { patternOf } from './pattern.ts';

/**
 * Names of apps, and of instances such as `web.0`; null = all. A name may be that of a namespace, a number as `hold ls` shows
 * it, or a pattern in slashes.
 *
 * @throws HoldfastError APP_UNKNOWN for what is none of them
 */
export async function findLogTargets(
  context: Context,
  dir: string,
  names: readonly string[],
): Promise<readonly string[] | null> {
  if (names.length === 0 || names.includes('all')) return null;
  const { loggedApps } = await import('../logs/log-files.ts');
  const logged = loggedApps(dir);
  let running: readonly AppView[] | undefined;
  const targets: string[] = [];
  for (const name of names) {
    let meant = meantByLogs(name, logged);
    if (meant.length === 0) {
      // One that has written nothing yet, or is named otherwise.
      running ??= await runningApps(context);
      meant = running.flatMap((view) => meantByView(name, view));
    }
    if (meant.length === 0) {
      const { unknownApp } = await import('./targets.ts');
      throw unknownApp(appOf(name), [...new Set([...(running ?? []).map((view) => view.name), ...logged])]);
    }
    targets.push(...meant);
  }
  return [...new Set(targets)];
}

/** `web` of `web.0`: the names of apps have no dot. */
export function appOf(target: string): string {
  return patternOf(target) ? target : (target.split('.')[0] ?? target);
}

function meantByLogs(name: string, logged: readonly string[]): string[] {
  const pattern = patternOf(name);
  if (pattern) return logged.filter((app) => pattern.test(app));
  return logged.includes(appOf(name)) ? [name] : [];
}

async function runningApps(context: Context): Promise<readonly AppView[]> {
  const client = await context.look();
  return client ? client.apps() : [];
}

function meantByView(name: string, view: AppView): string[] {
  if (patternOf(name)?.test(view.name)) return [view.name];
  if (view.name === appOf(name)) return [name];
  if (view.namespace === name) return [view.name];
  const slot = /^\d+$/.test(name) ? view.numbers.indexOf(Number(name)) : -1;
  return slot === -1 ? [] : [`${view.name}.${slot}`];
}

/** `/^api/i` */
