/** Which project a command is about: the one of the configuration here, or the one that is named. */
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ReleaseFacts } from '../../config/load.ts';
import { asHoldfastError, HoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';

export interface ProjectOptions {
  readonly file?: string;
  readonly project?: string;
}

/** @throws HoldfastError CONFIG_NOT_FOUND and others, when none is named and the configuration cannot be read */
export async function projectOf(
  { cwd, env }: Pick<Context, 'cwd' | 'env'>,
  { file, project }: ProjectOptions,
): Promise<{ project: string; facts: ReleaseFacts | null }> {
  if (project !== undefined) return { project, facts: null };
  const { loadReleaseFacts } = await import('../../config/load.ts');
  const facts = await loadReleaseFacts({ ...(file !== undefined && { file }), cwd, env });
  return { project: facts.project, facts };
}

/**
 * For what is about releases that are there: a configuration that is broken here must not be in the way of going back. Without one
 * that can be read it is the only project that has releases.
 *
 * @throws HoldfastError as `projectOf`, with a hint that names the projects
 */
export async function deployedProject(
  context: Pick<Context, 'cwd' | 'env' | 'home' | 'err'>,
  options: ProjectOptions,
): Promise<string> {
  try {
    return (await projectOf(context, options)).project;
  } catch (error) {
    const there = await projectsWithReleases(context.home);
    const [only, ...others] = there;
    const { code, message, hint, details } = asHoldfastError(error);
    if (only !== undefined && others.length === 0 && options.file === undefined) {
      context.err.line(`taken to be about "${only}", the only project with releases here: ${message}`);
      return only;
    }
    const named = there.map((name) => `--project ${name}`).join(', or ');
    throw new HoldfastError(code, message, { details, cause: error, hint: named ? `Say ${named}` : hint });
  }
}

async function projectsWithReleases(home: string): Promise<string[]> {
  const { releasePaths } = await import('../../release/paths.ts');
  const { RecordFiles } = await import('../../release/records.ts');
  const paths = (project: string) => releasePaths(home, project);
  return namesIn(dirname(paths('any').root)).filter(
    (name) => !name.startsWith('.') && new RecordFiles(paths(name).records).ids().length > 0,
  );
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}
