/** What happens to apps, on stderr: the journal of the daemon, from one daemon to the next. */
import type { Client } from '../../client/client.ts';
import { HoldfastError } from '../../errors.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { Context } from '../context.ts';
import { describeEvent } from '../print/event-line.ts';
import { makeStyle } from '../print/style.ts';

export interface NewsOptions {
  readonly since: number;
  readonly signal: AbortSignal;
  connect(): Promise<Client>;
}

/** Events from `since` on, each once, until the signal. The daemon may be replaced meanwhile. */
export async function* news({ since, signal, connect }: NewsOptions): AsyncGenerator<HoldfastEvent> {
  let seq = 0;
  while (!signal.aborted) {
    const client = await connect();
    try {
      for await (const event of client.events({ tail: 500, follow: true, signal })) {
        if (event.seq <= seq || Date.parse(event.time) < since) continue;
        seq = event.seq;
        yield event;
      }
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'DAEMON_UNREACHABLE') throw error;
    } finally {
      client.close();
    }
  }
}

/** That somebody asked for it is no news. */
export function sayEvent({ err }: Context, event: HoldfastEvent, plain: boolean): void {
  if (event.type === 'app.changed') return;
  if (plain) {
    err.line(describeEvent(event, err.style));
    return;
  }
  const { time, app, instance, type } = event;
  const line = describeEvent(event, makeStyle(false));
  err.line(JSON.stringify({ time, app, instance, stream: 'holdfast', event: type, line }));
}
