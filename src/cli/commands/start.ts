import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { HoldfastError } from '../../errors.ts';
import type { AppView } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import { collectVariable, parseInstances, parsePort } from '../options.ts';
import { patternOf } from '../pattern.ts';
import type { ContextFactory } from '../program.ts';
import type { Target } from '../targets.ts';
import { addSettingOptions, type SettingOptions, settingsOf } from './start-settings.ts';

interface StartOptions extends SettingOptions {
  name?: string;
  instances?: number | 'max';
  port?: number;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

export function defineStart(program: Command, context: ContextFactory): void {
  const command = program
    .command('start')
    .summary('run an app: a script or any command')
    .description(
      'Runs an app and keeps it running: a script, a directory with a package.json, or any command line in quotes, in which $PORT stands for its port. With the name of a stopped app, a namespace, or "all" it starts those again.',
    )
    .argument('<script-or-command>', 'such as server.js, or "python3 -m http.server $PORT"')
    .argument('[args...]', 'its arguments; those with a dash after `--`')
    .option('-n, --name <name>', 'name of the app (default: from the script)')
    .option('-i, --instances <n>', 'how many at once; "max" is one on each core', parseInstances)
    .option('-p, --port <port>', 'port that it listens on; Holdfast holds it', parsePort)
    .option('-e, --env <KEY=VALUE>', 'environment variable (repeatable)', collectVariable)
    .option('--cwd <dir>', 'working directory (default: this one)');
  addSettingOptions(command).action((run: string, args: string[], options: StartOptions) =>
    start(context(), run, args, options),
  );
}

async function start(context: Context, run: string, args: string[], options: StartOptions): Promise<void> {
  const views = (await startKnown(context, run, args, options)) ?? [
    await startNew(context, run, args, options),
  ];
  if (context.json) return context.out.json(views.length === 1 ? views[0] : views);
  const { appTable } = await import('../print/app-table.ts');
  context.out.lines(appTable(views, { width: context.out.width, style: context.out.style }));
}

/** The app of that name or the apps of that namespace, if there are some. */
async function startKnown(
  context: Context,
  name: string,
  args: readonly string[],
  options: StartOptions,
): Promise<AppView[] | undefined> {
  const isPattern = !existsSync(name) && patternOf(name) !== null;
  if (!isPattern && !/^@?[\w-]+(\.\d+)?$/.test(name)) return undefined;
  const client = await context.look();
  const apps = (await client?.apps()) ?? [];
  const [base = ''] = name.split('.');
  const isKnown =
    isPattern || name === 'all' || apps.some((app) => app.name === base || app.namespace === name);
  if (!client || !isKnown) return undefined;
  if (args.length > 0 || Object.keys(options).length > 0) {
    throw new HoldfastError(
      'APP_EXISTS',
      `Cannot start "${name}" with other settings: there is an app of that name`,
      {
        hint: `\`hold start ${name}\` starts it as it is, \`hold delete ${name}\` makes room for a new one`,
      },
    );
  }
  const { pick } = await import('../targets.ts');
  const targets = pick(apps, [name]);
  const { groupsOf } = await import('./change.ts');
  const { waiting } = await import('../waiting.ts');
  const views: AppView[] = [];
  for (const group of groupsOf(targets, 'dependents-first').reverse()) {
    const what = `waiting for ${group.map(({ app }) => app.name).join(', ')}`;
    const begin = () => Promise.all(group.map((target) => startAgain(context, client, target)));
    views.push(...(await waiting(context, what, begin, { told: true })));
  }
  return views;
}

async function startAgain(context: Context, client: Client, { app, slot }: Target): Promise<AppView> {
  // One that runs may have instances that were stopped one by one.
  const isWhole = app.instances.every(({ status }) => status !== 'down');
  if (slot === null && app.status === 'running' && isWhole) {
    if (!context.json) context.err.line(`${context.err.style.bold(app.name)} runs already`);
    return app;
  }
  const part = slot === null ? {} : { slot };
  return client.start(app.name, await changeOptions(context, app.name), part);
}

async function startNew(
  context: Context,
  run: string,
  args: readonly string[],
  options: StartOptions,
): Promise<AppView> {
  const { planForStart } = await import('../../config/start.ts');
  const { resolve } = await import('node:path');
  const { cwd, name, instances, port, env } = options;
  const app = planForStart({
    run,
    args,
    name,
    instances,
    port,
    env,
    settings: settingsOf(options, context.cwd),
    cwd: cwd === undefined ? context.cwd : resolve(context.cwd, cwd),
    shellEnv: context.env,
  });
  const client = await context.connect();
  const change = await changeOptions(context, app.name);
  const { waiting } = await import('../waiting.ts');
  return waiting(context, `waiting for ${app.name}`, () => client.startApp(app, change), { told: true });
}

async function changeOptions(context: Context, app: string): Promise<Parameters<Client['startApp']>[1]> {
  const { progress } = await import('../progress.ts');
  return { onEvent: progress(context, app), signal: context.signal };
}
