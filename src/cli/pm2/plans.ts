/** From an app as PM2 knows it to the plan that the daemon gets. */
import { existsSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { resolve } from 'node:path';
import { type ImportedApp, importPm2App } from '../../config/import/pm2-app.ts';
import { readPm2App } from '../../config/import/pm2-fields.ts';
import { pm2IsCluster } from '../../config/import/pm2-log-files.ts';
import type { AppPlan } from '../../config/plan.ts';
import type { Session } from './session.ts';

export interface Planned {
  readonly plan: AppPlan;
  readonly notes: readonly string[];
}

/** `beside`: the directory of the file that says it; a script that is not where the command runs may be there. */
export async function planned(
  session: Session,
  written: Readonly<Record<string, unknown>>,
  { args = [], beside }: { args?: readonly string[]; beside?: string } = {},
): Promise<Planned> {
  const { context, words, pm2Home } = session;
  const app = readPm2App({ ...fromEnvironment(context.env), ...written });
  const imported = importPm2App(app, {
    environment: words.options.get('env'),
    home: pm2Home,
    parallelism: availableParallelism(),
    userHome: context.env.HOME || homedir(),
  });
  const { run, cwd, args: ownArgs, ...settings } = imported.config;
  // The schema takes as long to load as all the rest: only who makes a plan waits for it.
  const { planForStart } = await import('../../config/start.ts');
  const plan = planForStart({
    run,
    args: [...(ownArgs ?? []), ...args],
    name: imported.name,
    cwd:
      cwd === undefined
        ? placeOf(app.values.text('script') ?? '', context.cwd, beside)
        : resolve(beside ?? context.cwd, cwd),
    // What PM2 forks has a stdin, which `pm2 send` writes to.
    settings: { ...settings, ...(pm2IsCluster(app.values) ? {} : { stdin: true }) },
    shellEnv: filtered(context.env, imported.filterEnv),
  });
  return { plan, notes: imported.notes };
}

/** PM2 looks where the command runs; the file's own directory is what its author means when that does not help. */
function placeOf(script: string, cwd: string, beside: string | undefined): string {
  if (beside === undefined || existsSync(resolve(cwd, script)) || !existsSync(resolve(beside, script)))
    return cwd;
  return beside;
}

function fromEnvironment(env: NodeJS.ProcessEnv): Record<string, unknown> {
  return {
    ...(env.PM2_KILL_TIMEOUT && { kill_timeout: env.PM2_KILL_TIMEOUT }),
    ...(env.PM2_KILL_SIGNAL && { kill_signal: env.PM2_KILL_SIGNAL }),
    ...(env.PM2_KILL_USE_MESSAGE === 'true' && { shutdown_with_message: true }),
    ...(env.PM2_LOG_DATE_FORMAT && { log_date_format: env.PM2_LOG_DATE_FORMAT }),
  };
}

function filtered(env: NodeJS.ProcessEnv, filter: ImportedApp['filterEnv']): NodeJS.ProcessEnv {
  // Without PATH nothing can be found to run.
  const isKept = (name: string) =>
    filter === true ? name === 'PATH' : !filter.some((part) => name.includes(part));
  return Object.fromEntries(Object.entries(env).filter(([name]) => isKept(name)));
}
