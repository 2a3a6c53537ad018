/**
 * The fate of every setting in a target, kept complete by the compiler: a new setting of the plan does not compile until
 * each exporter has said what becomes of it.
 */
import type { AppPlan, EdgePlan, RoutePlan, SitePlan } from '../config/plan.ts';
import type { Loss } from './exported.ts';

/** `kept`: it is in the files. Else what is lost with this value; undefined = with this value nothing is. */
export type Fate<T, Whole> = 'kept' | ((value: T, whole: Whole) => Lost);

/** One sentence, or by the name of a setting below this one; '' = this one itself. */
export type Lost = string | undefined | Readonly<Record<string, string | undefined>>;

export type Fates<T, Without extends keyof T = never> = {
  readonly [K in Exclude<keyof T, Without>]-?: Fate<T[K], T>;
};

/** `project`, `release` and `apart` are no settings of an app. */
export type AppFates = Fates<AppPlan, 'name' | 'project' | 'release' | 'apart'>;
/** For servers in front: how the app is run is somebody else's matter. */
export type FrontAppFates = Fates<Pick<AppPlan, 'hold' | 'upstream'>>;
export type SiteFates = Fates<SitePlan, 'host' | 'routes'>;
export type RouteFates = Fates<RoutePlan, 'prefix'>;
export type EdgeFates = Fates<EdgePlan>;

/** @param at where these settings are in the configuration file: `apps.web` */
export function lossesAt<T extends object, Without extends keyof T>(
  at: string,
  plan: T,
  fates: Fates<T, Without>,
): Loss[] {
  return Object.entries(fates).flatMap(([key, fate]) => {
    const judge = fate as Fate<unknown, T>;
    if (judge === 'kept') return [];
    const name = nameOf(key);
    return listed(name === '' ? at : `${at}.${name}`, judge(plan[key as keyof T], plan));
  });
}

function listed(setting: string, lost: Lost): Loss[] {
  if (lost === undefined) return [];
  if (typeof lost === 'string') return [{ setting, text: lost }];
  return Object.entries(lost).flatMap(([name, text]) =>
    text === undefined ? [] : [{ setting: name === '' ? setting : `${setting}.${name}`, text }],
  );
}

/** From a name in the plan to the one in the file: `drainMs` is `drain` there. */
function nameOf(key: string): string {
  return named[key] ?? key.replace(/(?:Ms|Bytes)$/, '');
}

const named: Readonly<Record<string, string>> = {
  job: 'cron',
  load: 'limits',
  command: 'run',
  // Its settings stand beside the others.
  content: '',
  // That it is there is no setting that anybody has written.
  guest: '',
};

/** For people: what is lost in several places is said once. */
export function lossLines(losses: readonly Loss[]): string[] {
  const places = new Map<string, string[]>();
  for (const { setting, text } of losses) places.set(text, [...(places.get(text) ?? []), setting]);
  return [...places].map(([text, settings]) => `- ${settings.join(', ')}: ${text}`);
}
