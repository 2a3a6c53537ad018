/** What stop, restart, reload and delete have in common: several apps, progress, what failed. */
import type { ChangeOptions, Client } from '../../client/client.ts';
import { HoldfastError } from '../../errors.ts';
import type { InstanceRequest } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import type { Target } from '../targets.ts';

export interface ChangeOfApps<T> {
  readonly make: (client: Client, name: string, options: ChangeOptions, part: InstanceRequest) => Promise<T>;
  /** For people, when it is done, such as `stopped`. */
  readonly done: string;
  /**
   * `together`: all at once. `in-turn`: one after the other, for what is meant to be gentle to the machine. `dependents-first`: as
   * `together`, but what an app is `after` is only changed when that app is done.
   */
  readonly order: 'together' | 'in-turn' | 'dependents-first';
  /** It can be about single instances, too. */
  readonly instances?: boolean;
  /** With `all` and nothing there. */
  readonly nothing: string;
}

/** Makes the change to each app that is meant, even when one fails; then throws what failed. */
export async function changeApps<T>(
  context: Context,
  names: readonly string[],
  { make, done, order, instances = false, nothing }: ChangeOfApps<T>,
): Promise<T[]> {
  const { lookUp, onlyWholeApps } = await import('../targets.ts');
  const { progress } = await import('../progress.ts');
  const found = await lookUp(context, names);
  if (!found || found.targets.length === 0) {
    if (!context.json) context.err.line(nothing);
    return [];
  }
  const { client, targets } = found;
  const single = targets.find(({ slot }) => slot !== null);
  if (single && !instances) throw onlyWholeApps(nameOf(single), single.app.name);
  const change = async (target: Target): Promise<T> => {
    const { app, slot } = target;
    const options = { onEvent: progress(context, app.name), signal: context.signal };
    const result = await make(client, app.name, options, slot === null ? {} : { slot });
    if (!context.json) context.err.line(`${context.err.style.bold(nameOf(target))} ${done}`);
    return result;
  };
  const outcomes: PromiseSettledResult<T>[] = [];
  const { waiting } = await import('../waiting.ts');
  for (const group of groupsOf(targets, order)) {
    const what = `waiting for ${group.map(nameOf).join(', ')}`;
    outcomes.push(
      ...(await waiting(context, what, () => Promise.allSettled(group.map(change)), { told: true })),
    );
  }
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length > 0) throw together(failures);
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

function nameOf({ app, slot }: Target): string {
  return slot === null ? app.name : `${app.name}.${slot}`;
}

/** What is done at once, group after group. */
export function groupsOf(targets: readonly Target[], order: ChangeOfApps<unknown>['order']): Target[][] {
  if (order === 'together') return [[...targets]];
  if (order === 'in-turn') return targets.map((target) => [target]);
  const groups: Target[][] = [];
  let left = [...targets];
  while (left.length > 0) {
    const needed = new Set(left.flatMap(({ app }) => app.after));
    const free = left.filter(({ app }) => !needed.has(app.name));
    // Apps of several files may lead back to each other: then any order is as good.
    const group = free.length > 0 ? free : left;
    groups.push(group);
    left = left.filter((target) => !group.includes(target));
  }
  return groups;
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
