/** From desired state to the text that a server in front gets. Pure. */
import { edgeDefaults } from '../../config/app-defaults.ts';
import type { FrontPlan, Plan } from '../../config/plan.ts';
import { comment } from '../../exporters/comment.ts';
import type { Exported, Loss, Place } from '../../exporters/exported.ts';
import { lossLines } from '../../exporters/losses.ts';
import { routedApps } from '../edge-table.ts';
import type { DesiredState } from '../state.ts';
import { FRONT_HOST } from './ports.ts';
import { servers } from './servers.ts';

/**
 * How long servers keep idle connections to apps. Short, because a guest that drains waits for longer than this before it closes one
 * (guest/drain.cts), so that no request meets a connection that is being closed.
 */
export const UPSTREAM_IDLE_MS = 3000;

export interface Rendered extends Pick<Exported, 'losses'> {
  readonly text: string;
  readonly plan: Plan;
}

/**
 * @param portsOf of an app: the ports on loopback that its requests go to
 */
export function rendered(
  state: DesiredState,
  front: FrontPlan,
  portsOf: (app: string) => readonly number[],
): Rendered {
  const plan = planOf(state, front);
  const { exporter, log } = servers[front.server];
  const places = new Map(
    [...routedApps(state)].map((app): [string, Place[]] => [
      app,
      portsOf(app).map((port) => ({ host: FRONT_HOST, port })),
    ]),
  );
  const { files, losses } = exporter(plan, {
    node: process.execPath,
    user: null,
    name: 'holdfast',
    places,
    idleMs: UPSTREAM_IDLE_MS,
    isFront: true,
    isSecret: () => true,
  });
  const left = losses.filter(({ setting }) => !isDone(setting, front)).map((loss) => inFront(loss, front));
  const text = withOwnHead(files.map((file) => file.text).join('\n'), left);
  const [pattern, ours] = log;
  return { text: front.file === null ? text.replace(pattern, ours) : text, losses: left, plan };
}

/** The head of an exported file says what to do with it. What Apache's says of modules is for machines, too. */
function withOwnHead(text: string, losses: Exported['losses']): string {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  const modules = lines.slice(0, end).filter((line) => line.startsWith('# a2enmod '));
  const head = comment('#', [
    'Written by Holdfast (`front` in its configuration) whenever something changes; what is changed here is lost.',
    ...(losses.length > 0 ? ['', 'Not in this file, because this server cannot do it:'] : []),
    ...lossLines(losses),
  ]);
  return [...modules, head + lines.slice(end).join('\n').trimStart()].join('\n');
}

/** All sites of the home, whatever file they came from. */
function planOf(state: DesiredState, front: FrontPlan): Plan {
  const apps = Object.entries(state.apps).map(([name, { plan }]) => [name, plan] as const);
  const sites = Object.entries(state.sites).map(([host, { site }]) => [host, site] as const);
  return {
    source: null,
    apps: Object.fromEntries(apps),
    sites: Object.fromEntries(sites),
    edge: state.edge ?? { ...edgeDefaults },
    logsTotalBytes: null,
    egress: null,
    front,
  } as Plan;
}

/** Behind a server in front, Holdfast takes out what fails, and connections wait. */
function inFront({ setting, text }: Loss, { server }: FrontPlan): Loss {
  if (/^apps\..*\.outliers$/.test(setting))
    return {
      setting,
      text: 'an instance is left out when it does not run or `health` says so, not because of what it answers',
    };
  if (server === 'caddy' && /^apps\..*\.retries$/.test(setting))
    return {
      setting,
      text: 'a GET that got no answer is sent once more, and nothing else (with `guest: false` nothing): there is no budget',
    };
  return { setting, text };
}

/** Some of what an exported file alone cannot do is done by the doors, or by the main file of a process of Holdfast's own. */
function isDone(setting: string, { file, server }: FrontPlan): boolean {
  if (/^apps\..*\.hold$/.test(setting)) return true;
  return file === null && setting === 'edge.drain' && server !== 'caddy';
}
