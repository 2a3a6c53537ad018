/** Says what happens while a change is made, on stderr, so that stdout stays for data. */
import type { HoldfastEvent } from '../protocol/events.ts';
import type { Context } from './context.ts';
import { describeEvent } from './print/event-line.ts';

/**
 * For `onEvent` of a change. Silent with `--json`. Knows how long an instance took to get ready. The daemon tells all that
 * happens meanwhile: `app` leaves out what has to do with others, but not that the change could not be saved.
 */
export function progress({ err, json }: Context, app?: string): (event: HoldfastEvent) => void {
  const spawned = new Map<string, number>();
  return (event) => {
    if (app !== undefined && event.app !== app && event.type !== 'state.unsaved') return;
    const key = `${event.instance}#${event.pid}`;
    if (event.type === 'instance.spawned') spawned.set(key, Date.parse(event.time));
    // That the change was asked for is no news to who asked.
    if (json || event.type === 'app.changed' || event.type === 'config.changed') return;
    const start = spawned.get(key);
    const took =
      event.type === 'instance.ready' && start !== undefined ? Date.parse(event.time) - start : undefined;
    err.line(
      describeEvent(
        took === undefined ? event : { ...event, data: { ...event.data, tookMs: took } },
        err.style,
      ),
    );
  };
}
