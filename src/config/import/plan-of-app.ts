/** The plan of one app that another tool's command line describes: `hold start` with all settings. */
import { availableParallelism } from 'node:os';
import { HoldfastError } from '../../errors.ts';
import { completeApp } from '../app.ts';
import { appSettings } from '../app-schema.ts';
import { baseEnvForStart } from '../base-env.ts';
import { resolveCommand } from '../command.ts';
import type { AppConfig } from '../config-types.ts';
import { configJsonSchema } from '../json-schema.ts';
import type { AppPlan } from '../plan.ts';
import { type Problem, problemsOf, sentenceOf } from '../problems.ts';

/**
 * `root`: absolute, what `cwd` of the app is relative to. `env`: that of the shell, all of which the app gets.
 * @throws HoldfastError USAGE, SCRIPT_NOT_FOUND, CONFIG_INVALID
 */
export function planOfApp(
  name: string,
  config: AppConfig,
  { root, env }: { readonly root: string; readonly env: NodeJS.ProcessEnv },
): AppPlan {
  const settings = appSettings.safeParse(config, { reportInput: true });
  if (!settings.success) throw usage(name, problemsOf(settings.error.issues, configJsonSchema()));
  const around = { root, env, parallelism: availableParallelism() };
  const { app, problems } = completeApp(name, settings.data, around);
  // The message about a command that cannot be run is made in one place.
  if (problems.some(({ path }) => path[0] === 'run'))
    resolveCommand(config.run, { cwd: config.cwd ?? root, path: settings.data.env.PATH ?? env.PATH });
  if (!app) throw usage(name, problems);
  return { ...app, baseEnv: baseEnvForStart(env) };
}

function usage(name: string, problems: readonly Problem[]): HoldfastError {
  const [first = '', ...details] = problems.map((problem) => sentenceOf(problem));
  return new HoldfastError('USAGE', `Cannot start "${name}": ${first}`, { details });
}
