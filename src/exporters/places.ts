/**
 * Ports for instances that Holdfast does not run: each has one of its own on loopback, in the variable PORT. Services and fronts
 * that are exported from the same plan agree on them.
 */
import type { AppPlan, Plan } from '../config/plan.ts';
import type { Place, Places } from './exported.ts';

/** Where the ports of apps begin that name none. */
const FIRST_PORT = 4000;

/** An app with `port: 3000` and three instances has 3000, 3001 and 3002; those without a port come from 4000 on, in the order of the file. */
export function placesOf(plan: Plan): Places {
  const apps = Object.values(plan.apps);
  const places = new Map<string, readonly Place[]>();
  const taken = new Set<number>();
  for (const app of apps.filter(({ port }) => port !== null)) {
    const ports = slots(app).map((slot) => (app.port as number) + slot * (app.portStep || 1));
    for (const port of ports) taken.add(port);
    places.set(app.name, ports.map(onLoopback));
  }
  let next = FIRST_PORT;
  for (const app of apps.filter(({ port, job }) => port === null && job === null)) {
    const ports = slots(app).map(() => {
      while (taken.has(next)) next++;
      return next++;
    });
    places.set(app.name, ports.map(onLoopback));
  }
  return places;
}

function slots({ instances }: AppPlan): number[] {
  return Array.from({ length: instances }, (_, slot) => slot);
}

function onLoopback(port: number): Place {
  return { host: '127.0.0.1', port };
}
