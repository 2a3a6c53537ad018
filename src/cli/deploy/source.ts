/** What is deployed: from what was typed to a source, with the project that it belongs to. */
import { basename, dirname } from 'node:path';
import { findConfigFile } from '../../config/find.ts';
import type { ReleaseFacts } from '../../config/load.ts';
import { HoldfastError } from '../../errors.ts';
import type { Source } from '../../release/seams.ts';
import { openSource, type SourceRequest, sourceNamed } from '../../release/source/open-source.ts';
import type { Context } from '../context.ts';
import { projectOf } from './project.ts';

export interface SourceOptions {
  readonly file?: string;
  readonly ref?: string;
  readonly from?: string;
  readonly workingTree?: boolean;
  readonly project?: string;
}

export interface NamedSource {
  /** To be closed. */
  readonly source: Source;
  readonly project: string;
  /** Path of the configuration file in the source; null = the usual names. */
  readonly config: string | null;
  /** What the configuration here says; null = there is none. */
  readonly facts: ReleaseFacts | null;
}

/**
 * @param scratchOf directory in which contents of a project wait meanwhile; that of temporary files unless told
 * @throws HoldfastError SOURCE_INVALID, CONFIG_NOT_FOUND, USAGE and others
 */
export async function sourceOf(
  context: Context,
  options: SourceOptions,
  scratchOf?: (project: string) => string,
): Promise<NamedSource> {
  const { cwd, signal } = context;
  const { file, ref, from, workingTree = false } = options;
  const scratchFor = (name: string) => scratchOf && { scratch: scratchOf(name) };
  if ([ref, from, workingTree || undefined].filter((one) => one !== undefined).length > 1)
    throw new HoldfastError('USAGE', 'Only one of --ref, --from and --working-tree can say what is deployed');
  if (from !== undefined && options.project !== undefined) {
    const { project } = options;
    const source = await openSource(sourceNamed(from, cwd), { signal, ...scratchFor(project) });
    return { source, project, config: file ?? null, facts: null };
  }
  const path = findConfigFile({ ...(file !== undefined && { file }), cwd });
  const { project, facts } = await projectOf(context, options);
  const source = await openSource(requestFor(from, ref, workingTree, cwd, dirname(path)), {
    signal,
    ...scratchFor(project),
  });
  return { source, project, config: file === undefined ? null : basename(path), facts };
}

function requestFor(
  from: string | undefined,
  ref: string | undefined,
  workingTree: boolean,
  cwd: string,
  directory: string,
): SourceRequest {
  if (from !== undefined) return sourceNamed(from, cwd);
  if (workingTree) return { kind: 'directory', directory };
  return { kind: 'git', directory, ref: ref ?? 'HEAD' };
}
