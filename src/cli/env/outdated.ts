/** What `hold show` says of the variables of an app that `hold env` has set. Pure. */
import type { AppDetail } from '../../protocol/api.ts';
import { plainName } from '../../vault/for-app.ts';
import type { Variable } from '../../vault/variables-file.ts';

/** Which were changed after its instances had begun; null when all run with what is set. */
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

/** Which of those that the configuration sets have another value; null when none has. */
export function overridingNote(
  { name, plan }: Pick<AppDetail, 'name' | 'plan'>,
  variables: readonly Variable[],
): string | null {
  const app = plainName(name);
  const set = variables.filter((one) => one.value !== null && (one.app === null || one.app === app));
  const names = [...new Set(set.map((one) => one.name))].filter(
    (one) => Object.hasOwn(plan.env, one) || Object.hasOwn(plan.secrets, one),
  );
  if (names.length === 0) return null;
  return `${names.join(', ')}: what \`hold env\` has set counts, not what the configuration says`;
}
