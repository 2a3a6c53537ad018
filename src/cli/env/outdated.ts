/** Which variables were changed after the instances of an app had begun. Pure. */
import type { AppDetail } from '../../protocol/api.ts';
import { plainName } from '../../vault/for-app.ts';
import type { Variable } from '../../vault/variables-file.ts';

/** A note for `hold show`; null when all run with what is set. */
export function outdatedNote(
  { name, instances, plan }: Pick<AppDetail, 'name' | 'instances' | 'plan'>,
  variables: readonly Variable[],
): string | null {
  // A job gets them at its next run by itself.
  if (plan.job) return null;
  const app = plainName(name);
  const isOverridden = (one: Variable) =>
    one.app === null &&
    variables.some((own) => own.app === app && own.name === one.name && own.value !== null);
  const mine = variables.filter((one) => (one.app === null && !isOverridden(one)) || one.app === app);
  const running = instances.flatMap(({ pid, startedAt }) => (pid === null ? [] : (startedAt ?? [])));
  const oldest = running.sort()[0];
  if (oldest === undefined) return null;
  const names = [...new Set(mine.filter(({ changedAt }) => changedAt > oldest).map((one) => one.name))];
  if (names.length === 0) return null;
  return `it runs with the values that ${names.join(', ')} had before: \`hold reload ${app}\` brings the new ones`;
}
