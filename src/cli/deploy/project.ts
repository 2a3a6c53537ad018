/** Which project a command is about: the one of the configuration here, or the one that is named. */
import type { ReleaseFacts } from '../../config/load.ts';
import type { Context } from '../context.ts';

export interface ProjectOptions {
  readonly file?: string;
  readonly project?: string;
}

/** @throws HoldfastError CONFIG_NOT_FOUND and others, when none is named and the configuration cannot be read */
export async function projectOf(
  { cwd, env }: Context,
  { file, project }: ProjectOptions,
): Promise<{ project: string; facts: ReleaseFacts | null }> {
  if (project !== undefined) return { project, facts: null };
  const { loadReleaseFacts } = await import('../../config/load.ts');
  const facts = await loadReleaseFacts({ ...(file !== undefined && { file }), cwd, env });
  return { project: facts.project, facts };
}
