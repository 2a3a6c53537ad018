/** What systemd cannot do, or not for programs that know nothing of it. */
import type { AppPlan, Plan } from '../../config/plan.ts';
import type { ExportOptions, Loss } from '../exported.ts';
import { type InitFates, initLosses, readyLost, rightsLost } from '../services/losses.ts';
import { onCalendar } from './calendar.ts';
import { helped, routedApps } from './helped.ts';

export function systemdLosses(plan: Plan, options: ExportOptions): Loss[] {
  return initLosses(plan, options, fatesIn(routedApps(plan)));
}

const fatesIn = (routed: ReadonlySet<string>): InitFates => ({
  after: 'kept',
  secrets: 'kept',
  autostart: 'kept',
  guest: (_, app) =>
    app.guest && app.command.node && !app.job && !routed.has(app.name)
      ? 'nobody holds its port, since no site sends requests to it: while it restarts, connections are refused'
      : undefined,
  readyTimeoutMs: (_, app) => readiness(app, routed),
  ready: (_, app) => readiness(app, routed),
  watchdogMs: (ms, app) =>
    ms === null || helped(app, routed)?.watchdog || (app.ready.by === 'notify' && !app.guest)
      ? undefined
      : 'nobody notices a blocked event loop: the app must itself send WATCHDOG=1 (`ready: "notify"`)',
  stop: ({ message, signal }) => ({ message: message ? `it gets ${signal} instead` : undefined }),
  restart: (restart, { job }) => (job ? undefined : restartLost(restart)),
  job: (job) => {
    if (!job) return undefined;
    return onCalendar(job)
      ? undefined
      : `systemd has no words for "${job.expression}": nothing starts it by the clock`;
  },
  memory: ({ softBytes }) => ({
    soft: softBytes === null ? undefined : 'above it the kernel slows it down; it is not replaced',
  }),
  rights: (rights) => rightsLost(rights, {}),
  pidFile: (path) => (path === null ? undefined : 'systemd knows the pid: `systemctl show -P MainPID`'),
  log: () => 'lines go to the journal (`journalctl -u`), which has limits of its own',
});

function readiness(app: AppPlan, routed: ReadonlySet<string>): string | undefined {
  if (app.ready.by === 'notify' || helped(app, routed)?.ready) return undefined;
  return readyLost(app.ready, app);
}

function restartLost({ when, max, early, at }: AppPlan['restart']): Record<string, string | undefined> {
  if (when === 'never') return { cron: clockLost(at) };
  const backoff = 'the pause does not grow, so that `giveUpAfter` is reached sooner';
  return {
    backoff,
    minUptime: backoff,
    max: max === null ? undefined : 'restarts are counted by `giveUpAfter` only',
    early: early === 'give-up' ? 'an early exit is an exit like others' : undefined,
    cron: clockLost(at),
  };
}

function clockLost(at: AppPlan['restart']['at']): string | undefined {
  if (!at) return undefined;
  return onCalendar(at)
    ? 'instances are restarted one after the other, but each with a gap'
    : `systemd has no words for "${at.expression}": nothing restarts it by the clock`;
}
