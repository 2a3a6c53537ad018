/** What stop, restart, reload and delete have in common: several apps, progress, what failed. */
import type { ChangeOptions, Client } from '../../client/client.ts';
import { HoldfastError } from '../../errors.ts';
import type { AppView } from '../../protocol/api.ts';
import type { Context } from '../context.ts';

export interface ChangeOfApps<T> {
  readonly make: (client: Client, name: string, options: ChangeOptions) => Promise<T>;
  /** For people, when it is done, such as `stopped`. */
  readonly done: string;
  /** One after the other, for what is meant to be gentle to the machine. */
  readonly inTurn?: boolean;
  /** With `all` and nothing there. */
  readonly nothing: string;
}

/** Makes the change to each app that is meant, even when one fails; then throws what failed. */
export async function changeApps<T>(
  context: Context,
  names: readonly string[],
  { make, done, inTurn = false, nothing }: ChangeOfApps<T>,
): Promise<T[]> {
  const { lookUp } = await import('../targets.ts');
  const { progress } = await import('../progress.ts');
  const found = await lookUp(context, names);
  if (!found || found.apps.length === 0) {
    if (!context.json) context.err.line(nothing);
    return [];
  }
  const change = async ({ name }: AppView): Promise<T> => {
    const options = { onEvent: progress(context, name), signal: context.signal };
    const result = await make(found.client, name, options);
    if (!context.json) context.err.line(`${context.err.style.bold(name)} ${done}`);
    return result;
  };
  const outcomes: PromiseSettledResult<T>[] = [];
  if (inTurn) {
    for (const app of found.apps) outcomes.push(...(await Promise.allSettled([change(app)])));
  } else {
    outcomes.push(...(await Promise.allSettled(found.apps.map(change))));
  }
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length > 0) throw together(failures);
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

/** One error as it is; of several the first, with the others below it. */
function together(failures: readonly unknown[]): unknown {
  const [first, ...others] = failures;
  if (others.length === 0 || !(first instanceof HoldfastError)) return first;
  const messages = others.map((other) => (other instanceof Error ? other.message : String(other)));
  return new HoldfastError(first.code, first.message, {
    hint: first.hint,
    details: [...first.details, ...messages],
    cause: first,
  });
}
