import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { AppView } from '../../protocol/api.ts';
import type { HealthProblem } from '../../protocol/dashboard.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface LsOptions {
  readonly all?: boolean;
  readonly watch?: boolean;
}

export function defineLs(program: Command, context: ContextFactory): void {
  program
    .command('ls')
    .alias('list')
    .summary('list the apps')
    .description('Lists the apps, and below an app its instances when they are not all well.')
    .argument('[app...]', 'only these (default: all)')
    .option('-a, --all', 'every instance of every app')
    .option('-w, --watch', 'look again every second; in a pipe, list again when something has changed')
    .action((names: string[], options: LsOptions) => ls(context(), names, options));
}

async function ls(context: Context, names: string[], options: LsOptions): Promise<void> {
  if (options.watch) {
    const { watchApps } = await import('../top/app-watch.ts');
    return watchApps(context, () => look(context, names), options.all === true);
  }
  const { all = false } = options;
  const { out, json } = context;
  const apps = await look(context, names);
  if (json) return out.json(apps);
  if (apps.length === 0) return context.err.line('nothing is running');
  const { appTable } = await import('../print/app-table.ts');
  const { plain } = await import('../print/text.ts');
  out.lines(appTable(apps, { width: out.width, style: out.style, all }));
  for (const host of new Set(apps.flatMap(({ paused = [] }) => paused))) {
    context.err.line(`${host} is paused, its requests wait: hold resume ${quoted(host)}  lets them go on`);
  }
  for (const note of new Set(apps.flatMap(({ notes = [] }) => notes))) context.err.line(note);
  if (names.length === 0)
    for (const { text } of await alerts(context)) context.err.line(`alert: ${plain(text)}`);
  const broken = apps.filter(({ status }) => status === 'failed' || status === 'degraded');
  if (broken.length > 0 && out.isTTY) {
    const { err } = context;
    err.line(err.style.dim(`hold crashes ${broken.map(({ name }) => name).join(' ')}  shows why`));
  }
}

/** What neither the table nor a note of the edge says. A daemon of an older version may have none to tell. */
async function alerts(context: Context): Promise<readonly HealthProblem[]> {
  context.close();
  try {
    const { problems = [] } = (await (await context.look())?.health()) ?? {};
    return problems.filter(({ kind }) => kind !== 'app.failed' && !kind.startsWith('certificate.'));
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return [];
  }
}

function look(context: Context, names: string[]): Promise<AppView[]> {
  return names.length === 0 ? allApps(context) : namedApps(context, names);
}

/** As a shell takes it. */
function quoted(host: string): string {
  return host.includes('*') ? `'${host}'` : host;
}

async function allApps(context: Context): Promise<AppView[]> {
  const client = await context.look();
  return client ? client.apps() : [];
}

async function namedApps(context: Context, names: string[]): Promise<AppView[]> {
  const { lookUpApps } = await import('../targets.ts');
  return (await lookUpApps(context, names))?.apps ?? [];
}
