/** An app without a configuration file: what `start` was told, with the defaults of the schema. */
import { availableParallelism } from 'node:os';
import { basename, dirname, extname, resolve } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { completeApp } from './app.ts';
import { appSettings } from './app-schema.ts';
import { baseEnvForStart } from './base-env.ts';
import { resolveCommand } from './command.ts';
import type { AppConfig } from './config-types.ts';
import { configJsonSchema } from './json-schema.ts';
import { appNameProblem, longestAppName } from './name-rules.ts';
import type { AppPlan, Command } from './plan.ts';
import { type Problem, problemsOf, sentenceOf } from './problems.ts';

export interface StartOptions {
  /** A script, a directory or a command; a text is split into words. */
  readonly run: string | readonly string[];
  /** More arguments, behind `--`. */
  readonly args?: readonly string[] | undefined;
  /** Left out: named after the script or program. */
  readonly name?: string | undefined;
  readonly instances?: number | 'max' | undefined;
  readonly port?: number | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly envFile?: string | undefined;
  /** Any other setting that an app may have in a configuration file. */
  readonly settings?: Omit<Partial<AppConfig>, 'run' | 'cwd'> | undefined;
  /** Absolute, or relative to the process's; left out: the process's. */
  readonly cwd?: string | undefined;
  readonly guest?: boolean | undefined;
  /** Options for node itself. */
  readonly nodeArgs?: readonly string[] | undefined;
  /** The environment of the shell that asks. */
  readonly shellEnv: NodeJS.ProcessEnv;
}

/** @throws HoldfastError USAGE, SCRIPT_NOT_FOUND, CONFIG_INVALID */
export function planForStart(options: StartOptions): AppPlan {
  const { run, args, instances, port, env, envFile, guest, nodeArgs, shellEnv } = options;
  const root = resolve(options.cwd ?? '.');
  const config: AppConfig = {
    ...options.settings,
    run: typeof run === 'string' ? run : [...run],
    args: [...(args ?? [])],
    instances: instances ?? options.settings?.instances,
    port: port ?? options.settings?.port,
    env: { ...options.settings?.env, ...env },
    envFile: envFile ?? options.settings?.envFile,
    guest: guest ?? options.settings?.guest,
  };
  const settings = appSettings.safeParse(config, { reportInput: true });
  if (!settings.success) throw usage(problemsOf(settings.error.issues, configJsonSchema()));
  const around = { root, env: shellEnv, parallelism: availableParallelism(), project: null, release: null };
  const { app, problems } = completeApp('start', settings.data, around);
  // The message about a command that cannot be run is made in one place.
  if (problems.some(({ path }) => path[0] === 'run'))
    resolveCommand(run, { cwd: root, path: env?.PATH ?? shellEnv.PATH });
  if (!app) throw usage(problems);
  const name = options.name ?? nameFor(app.command);
  const wrong = appNameProblem(name);
  if (wrong !== undefined)
    throw new HoldfastError('USAGE', `Cannot name the app ${JSON.stringify(name)}: ${wrong}`);
  const command = withNodeArgs(app.command, nodeArgs ?? []);
  return { ...app, name, command, baseEnv: baseEnvForStart(shellEnv) };
}

function usage(problems: readonly Problem[]): HoldfastError {
  const [first = '', ...details] = problems.map((problem) => sentenceOf(problem));
  return new HoldfastError('USAGE', `Cannot start: ${first}`, { details });
}

function withNodeArgs(command: Command, nodeArgs: readonly string[]): Command {
  return command.node ? { ...command, nodeArgs: [...nodeArgs, ...command.nodeArgs] } : command;
}

/** The script's or program's name; an index file is named after its directory. */
function nameFor({ file }: Command): string {
  const stem = basename(file, extname(file));
  const plain = stem === 'index' ? basename(dirname(file)) : stem;
  const name = plain
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-_]+|-+$/g, '')
    .slice(0, longestAppName);
  return appNameProblem(name) === undefined ? name : 'app';
}
