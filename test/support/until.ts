import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** What is waited for, for the error: "3 instances are ready". */
  readonly why: string;
  /** Milliseconds; generous, because it is only used up when something is broken. */
  readonly deadline?: number;
  /** Milliseconds between looks. */
  readonly every?: number;
}

/** Most of what one look takes of the deadline: a machine that stood still for ten seconds has not tried for ten seconds. */
const MOST_OF_A_LOOK_MS = 1000;

/**
 * Waits until `look` answers something truthy, and returns that. An exception counts as "not yet"; the last one is
 * part of the error when the deadline passes.
 */
export async function until<T>(
  look: () => T | Promise<T>,
  { why, deadline = 60_000, every = 20 }: UntilOptions,
): Promise<Exclude<Awaited<T>, false | 0 | '' | null | undefined>> {
  let spent = 0;
  let last: unknown;
  do {
    const begun = performance.now();
    try {
      const answer = await look();
      if (answer) return answer as Exclude<Awaited<T>, false | 0 | '' | null | undefined>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(every);
    spent += Math.min(performance.now() - begun, MOST_OF_A_LOOK_MS);
  } while (spent < deadline);
  const because = last instanceof Error ? `: ${last.message}` : '';
  throw new Error(`Waited ${deadline / 1000} s in vain until ${why}${because}`, { cause: last });
}
