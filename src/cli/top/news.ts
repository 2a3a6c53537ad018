/** The stream of events without an end: when the daemon goes, it is waited for. */
import type { Client } from '../../client/client.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';

export interface NewsOptions {
  readonly signal: AbortSignal;
  readonly onEvent: (event: HoldfastEvent) => void;
  /** The stream broke, or cannot be opened. Called again with every attempt. */
  readonly onAway: (reason: string) => void;
  /** How many events of the past come first. */
  readonly tail: number;
}

const retryMs = 300;
/** Enough to have missed nothing while the daemon was away. */
const overlap = 100;

/** Every event once and in order; resolves when the signal is given. */
export async function followNews(
  client: Client,
  { signal, onEvent, onAway, tail }: NewsOptions,
): Promise<void> {
  let seen = -1;
  while (!signal.aborted) {
    try {
      for await (const event of client.events({ tail: seen < 0 ? tail : overlap, follow: true, signal })) {
        if (event.seq <= seen) continue;
        seen = event.seq;
        onEvent(event);
      }
    } catch (error) {
      onAway(error instanceof Error ? error.message : String(error));
      await pause(retryMs, signal);
    }
  }
}

/** Ends early with the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
