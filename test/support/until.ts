import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** What is waited for, for the error: "3 instances are ready". */
  readonly why: string;
  /** Milliseconds; generous, because it is only used up when something is broken. */
  readonly deadline?: number;
  /** Milliseconds between looks. */
  readonly every?: number;
}

/**
 * Waits until `look` answers something truthy, and returns that. An exception counts as "not yet"; the last one is
 * part of the error when the deadline passes.
 */
export async function until<T>(
  look: () => T | Promise<T>,
  { why, deadline = 30_000, every = 20 }: UntilOptions,
): Promise<Exclude<Awaited<T>, false | 0 | '' | null | undefined>> {
  const end = performance.now() + deadline;
  let last: unknown;
  do {
    try {
      const answer = await look();
      if (answer) return answer as Exclude<Awaited<T>, false | 0 | '' | null | undefined>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(every);
  } while (performance.now() < end);
  const because = last instanceof Error ? `: ${last.message}` : '';
  throw new Error(`Waited ${deadline / 1000} s in vain until ${why}${because}`, { cause: last });
}
