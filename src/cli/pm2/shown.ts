/** The processes with all that tables and records show of them. */
import type { Client } from '../../client/client.ts';
import type { AppDetail } from '../../protocol/api.ts';
import { type Pm2Process, type Starts, startsIn } from './processes.ts';

/** Far enough back for the restarts of apps that have been there for a while. */
const eventsToRead = 5000;

/** A process with all that is shown of it. */
export interface Shown extends Pm2Process {
  readonly detail: AppDetail;
  readonly starts: Starts;
}

export async function shown(client: Client, processes: readonly Pm2Process[]): Promise<Shown[]> {
  if (processes.length === 0) return [];
  const names = new Set(processes.map(({ app }) => app.name));
  const [starts, ...details] = await Promise.all([
    startsOf(client),
    // One that is deleted just now is none.
    ...[...names].map((name) => client.app(name).catch(() => null)),
  ]);
  const known = new Map(details.flatMap((detail) => (detail ? [[detail.name, detail] as const] : [])));
  return processes.flatMap((one) => {
    const detail = known.get(one.app.name);
    const own = starts.get(`${one.app.name}.${one.slot}`) ?? { restarts: 0, firstStart: undefined };
    return detail ? [{ ...one, detail, starts: own }] : [];
  });
}

async function startsOf(client: Client): Promise<Map<string, Starts>> {
  const events = [];
  for await (const event of client.events({ tail: eventsToRead })) events.push(event);
  return startsIn(events);
}
