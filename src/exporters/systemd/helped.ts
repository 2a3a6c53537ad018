/** What an app gets of systemd, and by whom: by itself, or by a small file that is loaded into Node programs. Pure. */
import type { AppPlan, Plan } from '../../config/plan.ts';
import { destinationsOf } from '../destinations.ts';
import type { ExportOptions } from '../exported.ts';

/** What is loaded into an app; null: nothing. */
export interface Helped {
  /** systemd holds its port on loopback, for the front that sends requests to it. */
  readonly socket: boolean;
  /** It is ready when it listens. */
  readonly ready: boolean;
  readonly watchdog: boolean;
}

/** @param routed the apps that sites send requests to, as `routedApps` says */
export function helped(app: AppPlan, routed: ReadonlySet<string>): Helped | null {
  if (!app.guest || !app.command.node || app.job) return null;
  const { by } = app.ready;
  const socket = routed.has(app.name);
  const ready = by === 'listen' || (by === 'auto' && (socket || app.port !== null));
  const watchdog = app.watchdogMs !== null;
  return socket || ready || watchdog ? { socket, ready, watchdog } : null;
}

export function routedApps({ sites }: Plan): ReadonlySet<string> {
  const destinations = Object.values(sites).flatMap(({ routes }) => routes.flatMap(destinationsOf));
  return new Set(destinations.flatMap((to) => (to.kind === 'app' ? [to.app] : [])));
}

/** Where the file belongs. */
export function preloadPath({ name }: Pick<ExportOptions, 'name'>): string {
  return `/usr/local/lib/${name}/systemd.cjs`;
}
