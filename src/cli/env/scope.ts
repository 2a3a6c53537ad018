/** Whose variables a command is about. */

import type { ReleaseFacts } from '../../config/load.ts';
import { appNameProblem } from '../../config/name-rules.ts';
import { didYouMean } from '../../config/suggest.ts';
import { HoldfastError } from '../../errors.ts';
import type { Owner } from '../../vault/vault.ts';
import type { Context } from '../context.ts';
import { projectOf } from '../deploy/project.ts';

export interface ScopeOptions {
  readonly file?: string;
  readonly project?: string;
  readonly app?: string;
  readonly target?: string;
}

/**
 * The configuration is read when no project is named, and for the hosts of a target.
 *
 * @throws HoldfastError USAGE for names that cannot be, or that the configuration does not have
 */
export async function ownerOf(
  context: Context,
  { file, project, app, target }: ScopeOptions,
): Promise<{ owner: Owner; facts: ReleaseFacts | null }> {
  const named = { ...(file !== undefined && { file }) };
  const isRead = project === undefined || target !== undefined;
  const found = await projectOf(context, isRead ? named : { project });
  const owner = { project: project ?? found.project, app: app ?? null };
  const problem = appNameProblem(owner.project);
  if (problem !== undefined)
    throw new HoldfastError('USAGE', `There is no project "${owner.project}": ${problem}`);
  const apps = found.facts?.apps.map(({ name }) => name);
  if (app !== undefined && apps && !apps.includes(app))
    throw new HoldfastError(
      'USAGE',
      `There is no app "${app}" in the configuration here${didYouMean(app, apps)}`,
    );
  const odd = app === undefined ? undefined : appNameProblem(app);
  if (odd !== undefined) throw new HoldfastError('USAGE', `There is no app "${app}": ${odd}`);
  return { owner, facts: found.facts };
}
