/** From a configuration file to a Plan: find, read, check everything, complete, freeze. */
import { availableParallelism } from 'node:os';
import { dirname, relative } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import type { DeployTarget, ReleaseRules } from '../protocol/release-rules.ts';
import { checkConfig, checkReleaseFacts } from './check.ts';
import { findConfigFile } from './find.ts';
import type { Located } from './located.ts';
import type { Plan } from './plan.ts';
import { type Problem, sentenceOf } from './problems.ts';
import { projectNameOf } from './project-name.ts';
import { readConfigFile } from './read.ts';

export interface LoadOptions {
  /** Relative to `cwd`; left out: `holdfast.config.*` in `cwd`. */
  readonly file?: string | undefined;
  /** Absolute. */
  readonly cwd: string;
  /** The environment of the shell that asks. */
  readonly env: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  /** Of a release: which, of which project, and the path of the file by which it is known. */
  readonly release?: { readonly id: string; readonly project: string; readonly source: string };
}

/**
 * The configuration, checked as a whole: every problem is found in one run.
 * @throws HoldfastError CONFIG_NOT_FOUND, CONFIG_UNREADABLE, CONFIG_INVALID, or SCRIPT_NOT_FOUND when nothing else is
 * wrong than that. With several problems the message is the first, and the details are all of them, one a line.
 */
export async function loadPlan({ file, cwd, env, clock = systemClock, release }: LoadOptions): Promise<Plan> {
  const source = findConfigFile({ file, cwd });
  const name = shortName(source, cwd);
  const config = await readConfigFile(source, name, { env, clock });
  const root = dirname(source);
  const { plan, problems, code } = checkConfig(config.value, {
    source: release?.source ?? source,
    root,
    project: release?.project ?? projectNameOf(root),
    release: release?.id ?? null,
    env,
    parallelism: availableParallelism(),
    isRoot: process.getuid?.() === 0,
  });
  const all = inOrder([...config.problems, ...problems], config);
  if (plan && all.length === 0) return deepFreeze(plan);
  throw new HoldfastError(config.problems.length > 0 ? 'CONFIG_INVALID' : code, ...report(all, name, config));
}

/** What a configuration says of releases, before what it runs is there. */
export interface ReleaseFacts {
  /** Absolute path of the file. */
  readonly file: string;
  readonly project: string;
  readonly release: ReleaseRules;
  readonly deploy: Readonly<Record<string, DeployTarget>>;
  readonly apps: readonly AppFacts[];
}

export interface AppFacts {
  readonly name: string;
  readonly user: string | null;
  /** The Node that it wants. */
  readonly node: string | null;
}

/**
 * Of a source that is not built yet, so programs and files that the configuration names are not looked for.
 *
 * @throws HoldfastError CONFIG_NOT_FOUND, CONFIG_UNREADABLE, CONFIG_INVALID
 */
export async function loadReleaseFacts(options: Omit<LoadOptions, 'release'>): Promise<ReleaseFacts> {
  const { cwd, env, clock = systemClock } = options;
  const file = findConfigFile(options);
  const name = shortName(file, cwd);
  const config = await readConfigFile(file, name, { env, clock });
  const { facts, problems } = checkReleaseFacts(config.value);
  const all = inOrder([...config.problems, ...problems], config);
  if (!facts || all.length > 0) throw new HoldfastError('CONFIG_INVALID', ...report(all, name, config));
  return { file, project: facts.project ?? projectNameOf(dirname(file)), ...facts.rest };
}

/** From the top of the file to its end, as far as that is known. */
function inOrder(problems: readonly Problem[], { lineOf }: Located): Problem[] {
  const line = ({ path }: Problem): number => lineOf(path) ?? 0;
  return [...problems].sort((a, b) => line(a) - line(b));
}

function report(
  problems: readonly Problem[],
  name: string,
  { lineOf }: Located,
): [string, { details: string[] }] {
  const lines = problems.map((problem) => {
    const line = lineOf(problem.path);
    return `${name}: ${sentenceOf(problem)}${line === undefined ? '' : ` (line ${line})`}`;
  });
  const [first = ''] = lines;
  if (lines.length < 2) return [first, { details: [] }];
  const more = lines.length - 1;
  return [`${first}, and ${more} more ${more === 1 ? 'problem' : 'problems'}`, { details: lines }];
}

/** As people would name it from where they are. */
function shortName(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path.startsWith('..') ? file : path;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
