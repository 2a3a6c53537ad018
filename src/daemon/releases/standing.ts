/** What is there of one configuration, so that it can be brought back as it was. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Plan } from '../../config/plan.ts';
import { isOwn } from '../egress-app.ts';
import type { DesiredState, StoredApp } from '../state.ts';
import { currentPlan } from '../up-plan.ts';
import { baseName, isNext, nextName } from './next-name.ts';
import type { Standing } from './promotion.ts';

/** Null: nothing came from where `next` comes from. */
export function standingOf(state: DesiredState, next: Plan): Standing | null {
  const { project, release, deploy } = next;
  const plan: Plan = { ...currentPlan(state, next), project, release, deploy };
  const apps = Object.values(state.apps).filter(
    ({ source, plan: { name } }) => source === next.source && !isOwn(name),
  );
  if (apps.length === 0 && Object.keys(plan.sites).length === 0) return null;
  const idle = apps.filter((app) => app.idle.length > 0).map((app) => [app.plan.name, app.idle]);
  return {
    plan,
    stopped: apps.filter(({ stopped }) => stopped).map((app) => app.plan.name),
    idle: Object.fromEntries(idle),
  };
}

/** The plan to go back to: what another configuration has changed of the edge meanwhile stays. */
export function withOthers(plan: Plan, next: Plan, { edge, logsTotalBytes }: DesiredState): Plan {
  const mine = edge === null || isDeepStrictEqual(edge, next.edge);
  const myCap = logsTotalBytes === next.logsTotalBytes;
  return {
    ...plan,
    edge: mine ? plan.edge : edge,
    logsTotalBytes: myCap ? plan.logsTotalBytes : logsTotalBytes,
  };
}

/** Desired state in which what people had stopped is stopped. */
export function keeping(state: DesiredState, { stopped, idle }: Omit<Standing, 'plan'>): DesiredState {
  const apps = Object.entries(state.apps).map(([name, app]): [string, StoredApp] => {
    if (stopped.includes(name)) return [name, { ...app, stopped: true, previous: null }];
    return [name, idle[name] ? { ...app, idle: idle[name] } : app];
  });
  return { ...state, apps: Object.fromEntries(apps) };
}

/**
 * Ports that the instances on trial have opened besides those of the plan are those of the app from now on: it would find them taken
 * otherwise.
 */
export function inheritingPorts(before: DesiredState, state: DesiredState): DesiredState {
  const apps = Object.entries(state.apps).map(([name, app]): [string, StoredApp] => {
    const tried = isNext(name) ? undefined : before.apps[nextName(name)];
    const fresh = (tried?.learned ?? []).filter(
      ({ host, port }) => !app.learned.some((known) => known.port === port && known.host === host),
    );
    return [name, fresh.length === 0 ? app : { ...app, learned: [...app.learned, ...fresh] }];
  });
  return { ...state, apps: Object.fromEntries(apps) };
}

/** The other half of an app whose releases run side by side. */
export function siblingOf(name: string): string {
  return isNext(name) ? baseName(name) : nextName(name);
}
