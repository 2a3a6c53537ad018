/** What takes longer than a second says what is waited for. */
import { type Clock, systemClock } from '../kit/clock.ts';
import { formatDuration } from '../kit/units.ts';
import type { Context } from './context.ts';

const tickMs = 1000;
/** Somebody who reads a log later wants to know what took long, not what took a moment. */
const plainMs = 3000;

export interface WaitingOptions {
  readonly clock?: Clock;
  /** What happens meanwhile is told, line by line: then there is nothing to add to it, except on a screen. */
  readonly told?: boolean;
}

/**
 * On stderr: on a screen a line below the others that counts the seconds and goes when the work is done, elsewhere one line, and
 * with `--json` nothing.
 *
 * @param what such as `nginx looks at the files`
 */
export async function waiting<T>(
  { err, json }: Pick<Context, 'err' | 'json'>,
  what: string,
  work: () => Promise<T>,
  { clock = systemClock, told = false }: WaitingOptions = {},
): Promise<T> {
  if (json || (told && !err.takesPassing)) return work();
  const began = clock.now();
  let cancel = (): void => undefined;
  const tick = (): void => {
    err.passing(`${what} … ${formatDuration(clock.now() - began)}`);
    cancel = clock.after(tickMs, tick);
  };
  cancel = err.takesPassing ? clock.after(tickMs, tick) : clock.after(plainMs, () => err.line(`${what} …`));
  try {
    return await work();
  } finally {
    cancel();
    err.passing(null);
  }
}
