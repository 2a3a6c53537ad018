/**
 * The numbers by which users of PM2 and forever know their processes: one for each slot of each app, unique in the home, kept
 * as long as the slot is there. A new slot gets the highest plus one, so that a number is not soon somebody else's. Pure.
 */
import { isOwn } from './egress-app.ts';
import type { StoredApp } from './state.ts';

export function numbered(apps: Readonly<Record<string, StoredApp>>): Readonly<Record<string, StoredApp>> {
  const mine = Object.values(apps).filter(({ plan }) => !isOwn(plan.name));
  if (mine.every(({ plan, numbers }) => numbers.length === plan.instances)) return apps;
  const kept = mine.map((app) => ({ app, numbers: app.numbers.slice(0, app.plan.instances) }));
  let next = Math.max(-1, ...kept.flatMap(({ numbers }) => numbers)) + 1;
  const filled = kept.map(({ app, numbers }): [string, StoredApp] => {
    const fresh = Array.from({ length: app.plan.instances - numbers.length }, () => next++);
    return [app.plan.name, { ...app, numbers: [...numbers, ...fresh] }];
  });
  return { ...apps, ...Object.fromEntries(filled) };
}
