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
  /** Scripts that are not there yet are no mistake: somebody else builds them. */
  readonly unbuilt?: boolean;
}

/** A configuration that was read, and, if it is a program, run: not checked yet. */
export interface ReadConfig {
  /** Absolute path of the file. */
  readonly file: string;
  /** For messages: as people would name it from where they are. */
  readonly name: string;
  readonly content: Located;
}

/**
 * The configuration, checked as a whole: every problem is found in one run.
 * @throws HoldfastError CONFIG_NOT_FOUND, CONFIG_UNREADABLE, CONFIG_INVALID, or SCRIPT_NOT_FOUND when nothing else is
 * wrong than that. With several problems the message is the first, and the details are all of them, one a line.
 */
export async function loadPlan(options: LoadOptions): Promise<Plan> {
  return planOf(await readConfig(options), options);
}

/**
 * The first half of `loadPlan`, which runs what the file says: a release does this before anybody else can have changed it.
 *
 * @throws HoldfastError CONFIG_NOT_FOUND, CONFIG_UNREADABLE, CONFIG_INVALID
 */
export async function readConfig(options: Omit<LoadOptions, 'release'>): Promise<ReadConfig> {
  const { cwd, env, clock = systemClock } = options;
  const file = findConfigFile(options);
  const name = shortName(file, cwd);
  return { file, name, content: await readConfigFile(file, name, { env, clock }) };
}

/**
 * The second half: checked against what is on the disk by now. Nothing of the project is run.
 *
 * @throws HoldfastError as `loadPlan`
 */
export function planOf(
  { file, name, content }: ReadConfig,
  { env, release, unbuilt = false }: Pick<LoadOptions, 'env' | 'release' | 'unbuilt'>,
): Plan {
  const root = dirname(file);
  const { plan, problems, code } = checkConfig(content.value, {
    source: release?.source ?? file,
    root,
    project: release?.project ?? projectNameOf(root),
    release: release?.id ?? null,
    unbuilt,
    env,
    parallelism: availableParallelism(),
    isRoot: process.getuid?.() === 0,
  });
  const all = inOrder([...content.problems, ...problems], content);
  if (plan && all.length === 0) return deepFreeze(plan);
  throw new HoldfastError(
    content.problems.length > 0 ? 'CONFIG_INVALID' : code,
    ...report(all, name, content),
  );
}

/** What a configuration says of releases, before what it runs is there. */
export interface ReleaseFacts {
  /** Absolute path of the file. */
  readonly file: string;
  readonly project: string;
  readonly release: ReleaseRules;
  readonly deploy: Readonly<Record<string, DeployTarget>>;
  readonly apps: readonly AppFacts[];
  /** Hosts of its sites. */
  readonly sites: readonly string[];
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
  return releaseFactsOf(await readConfig(options));
}

/** @throws HoldfastError CONFIG_INVALID */
export function releaseFactsOf({ file, name, content }: ReadConfig): ReleaseFacts {
  const { facts, problems } = checkReleaseFacts(content.value);
  const all = inOrder([...content.problems, ...problems], content);
  if (!facts || all.length > 0) throw new HoldfastError('CONFIG_INVALID', ...report(all, name, content));
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
