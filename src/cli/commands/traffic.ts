import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { HoldfastError } from '../../errors.ts';
import { EDGE_NAME, type TrafficView } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

const WATCH_MS = 2_000;

const DESCRIPTION = `Shows how many requests went over the sites, their routes, and the instances of the apps in the last minute, how long they took, \
and what is open now. p50, p95 and p99: half, 95 % and 99 % of the requests took no longer. For a site or route that is the time until \
the whole answer was sent, for an instance until its answer began.`;

export function defineTraffic(program: Command, context: ContextFactory): void {
  program
    .command('traffic')
    .summary('requests, errors and times of sites, routes and instances')
    .description(DESCRIPTION)
    .argument('[name]', 'only this site or app')
    .option('-w, --watch', 'look again every 2 seconds')
    .action((name: string | undefined, options: { watch?: boolean }) =>
      traffic(context(), name, options.watch === true),
    );
}

async function traffic(context: Context, name: string | undefined, watch: boolean): Promise<void> {
  const { out, err, json, signal } = context;
  const client = await context.look();
  if (!client) {
    if (!json) err.line('nothing is running');
    return;
  }
  if (!watch) return print(context, await look(client, name), (lines) => out.lines(lines));
  const { hasScreen } = await import('../print/style.ts');
  const { pause } = await import('../top/news.ts');
  const { InPlace } = await import('../top/in-place.ts');
  // What is wrong is said before anything is cleared.
  let view = await look(client, name);
  const screen = hasScreen(out.isTTY, context.env) && !json ? new InPlace(out.stream) : null;
  try {
    while (!signal.aborted) {
      if (json) await out.flow(`${JSON.stringify(view)}\n`);
      else if (screen && view.routes.length === 0) screen.show(['no requests yet']);
      else await print(context, view, (lines) => (screen ? screen.show(lines) : out.lines(lines)));
      await pause(WATCH_MS, signal);
      if (!signal.aborted) view = await look(client, name);
    }
  } finally {
    screen?.end();
  }
}

async function look(client: Client, name: string | undefined): Promise<TrafficView> {
  const view = only(name, await client.traffic());
  if (view.routes.length === 0) await explain(client, name);
  return view;
}

async function print(
  { out, err, json }: Context,
  view: TrafficView,
  show: (lines: readonly string[]) => void,
): Promise<void> {
  if (json) return out.json(view);
  if (view.routes.length === 0) return err.line('no requests yet');
  const { trafficTables } = await import('../print/traffic-table.ts');
  show(trafficTables(view, { width: out.width, style: out.style }));
}

/** @throws HoldfastError when there can be no requests */
async function explain(client: Client, name: string | undefined): Promise<void> {
  const apps = await client.apps();
  if (!apps.some((app) => app.name === EDGE_NAME)) {
    throw new HoldfastError('USAGE', 'Cannot show traffic: there are no sites', {
      hint: 'Requests are counted where they go through `sites` of the configuration; apps on their own port get them without Holdfast in between',
    });
  }
  if (name !== undefined && !apps.some((app) => app.name === name)) {
    throw new HoldfastError(
      'APP_UNKNOWN',
      `There is no app "${name}", and no site of that name had a request`,
    );
  }
}

/** What a site or an app has part in. */
function only(name: string | undefined, view: TrafficView): TrafficView {
  if (name === undefined) return view;
  const routes = view.routes.filter(({ site, app }) => site === name || app === name);
  const sites = new Set(routes.map(({ site }) => site));
  const apps = new Set(routes.map(({ app }) => app));
  return {
    ...view,
    routes,
    sites: view.sites.filter(({ site }) => sites.has(site)),
    instances: view.instances.filter(({ app }) => apps.has(app)),
  };
}
