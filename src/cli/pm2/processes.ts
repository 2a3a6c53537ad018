/** Holdfast's apps as PM2's processes: one for each instance, known by a number. Pure. */
import type { AppView, InstanceStatus, InstanceView } from '../../protocol/api.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';

export type Pm2Status = 'online' | 'stopped' | 'stopping' | 'launching' | 'errored' | 'waiting restart';

export interface Pm2Process {
  readonly id: number;
  readonly app: AppView;
  readonly slot: number;
  /** The one that does the work; while it is replaced, the old one. */
  readonly instance: InstanceView | undefined;
  readonly status: Pm2Status;
}

/** By number. Holdfast's own proxy is none of them. */
export function processesOf(apps: readonly AppView[]): Pm2Process[] {
  return apps
    .filter(({ kind }) => kind === 'app')
    .flatMap((app) => app.numbers.map((id, slot) => processOf(app, slot, id)))
    .sort((a, b) => a.id - b.id);
}

function processOf(app: AppView, slot: number, id: number): Pm2Process {
  const own = app.instances.filter((instance) => instance.slot === slot);
  const instance =
    own.find(({ status }) => status === 'ready') ??
    own.find(({ status }) => status === 'draining') ??
    own.at(-1);
  return { id, app, slot, instance, status: instance ? statuses[instance.status] : 'stopped' };
}

const statuses: Readonly<Record<InstanceStatus, Pm2Status>> = {
  down: 'stopped',
  starting: 'launching',
  ready: 'online',
  draining: 'online',
  stopping: 'stopping',
  backoff: 'waiting restart',
  failed: 'errored',
  done: 'stopped',
};

/** PM2's default for an app without one. */
export function namespaceOf({ namespace }: AppView): string {
  return namespace ?? 'default';
}

export interface Starts {
  /** Starts after the first one, by whatever cause; `reset` begins anew. */
  readonly restarts: number;
  /** ISO 8601. */
  readonly firstStart: string | undefined;
}

/** By the id of the instance, such as `web.0`. As far back as the events go. */
export function startsIn(events: readonly HoldfastEvent[]): Map<string, Starts> {
  const starts = new Map<string, { count: number; forgiven: number; first: string }>();
  for (const { type, app, instance, time, data } of events) {
    if (type === 'app.changed') {
      const change = data?.change;
      for (const [id, known] of starts) {
        if (!id.startsWith(`${app}.`)) continue;
        if (change === 'deleted') starts.delete(id);
        if (change === 'reset') known.forgiven = known.count - 1;
      }
    }
    if (type !== 'instance.spawned' || instance === undefined) continue;
    const known = starts.get(instance);
    if (known) known.count++;
    else starts.set(instance, { count: 1, forgiven: 0, first: time });
  }
  return new Map(
    [...starts].map(([id, { count, forgiven, first }]) => [
      id,
      { restarts: count - 1 - forgiven, firstStart: first },
    ]),
  );
}
