/** Jobs for Upstart 1.4 and later, init(5): one for each instance. No machine of today has this init: its grammar is from its manual. */
import type { AppPlan, Plan, StopPlan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportedFile, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { envFilePath, envFiles } from '../services/env-file.ts';
import { type InitFates, initLosses, onlyStarted, rightsLost } from '../services/losses.ts';
import { isNumber } from '../services/run-script.ts';
import { type Service, servicesOf } from '../services/service.ts';
import { execLine, exportLines, secretLines } from '../services/shell.ts';

/** setrlimit(2) by the names of the stanza `limit`. */
const LIMITS = new Set(
  'as core cpu data fsize memlock msgqueue nice nofile nproc rss rtprio sigpending stack'.split(' '),
);

export function upstart(plan: Plan, options: ExportOptions): Exported {
  // What the clock starts has no job: nothing would start it.
  const services = servicesOf(plan, options).filter(({ app }) => !app.job);
  const losses = initLosses(plan, options, fates);
  const files = services.map((service, index) => job(service, services, options, index === 0 ? losses : []));
  return {
    files: [
      ...files,
      ...envFiles('upstart', services, options, { before: '', syntax: 'values as sh(1) wants them' }),
    ],
    losses,
  };
}

function job(
  service: Service,
  services: readonly Service[],
  options: ExportOptions,
  losses: readonly Loss[],
): ExportedFile {
  const { app, name, slot } = service;
  const { rights, restart, stop } = app;
  const needs = services.filter((other) => app.after.includes(other.app.name)).map((other) => other.name);
  const lines = [
    `description "${app.name.replace(/["\\\n\r]/g, ' ')} ${slot}"`,
    '',
    ...starts(app, needs),
    '',
    ...(restart.when === 'never' ? [] : respawn(app)),
    ...stops(stop),
    ...(service.user === null ? [] : [`setuid ${quoted(service.user)}`]),
    ...(service.group === null ? [] : [`setgid ${quoted(service.group)}`]),
    ...(rights.umask === null ? [] : [`umask ${rights.umask.toString(8).padStart(4, '0')}`]),
    ...(rights.nice === null ? [] : [`nice ${rights.nice}`]),
    ...(rights.oomScore === null
      ? []
      : [`oom score ${rights.oomScore === -1000 ? 'never' : rights.oomScore}`]),
    ...Object.entries(rights.ulimits)
      .filter(([limit]) => LIMITS.has(limit))
      .map(([limit, value]) => `limit ${limit} ${value} ${value}`),
    `chdir ${quoted(app.cwd)}`,
    `# Lines go to /var/log/upstart/${name}.log.`,
    'console log',
    '',
    'script',
    ...[
      ...exportLines(service.env.open),
      ...secretLines(service, envFilePath(app, options)),
      '# No shell remains: signals are for the app.',
      execLine(service),
    ].map((line) => `  ${line}`),
    'end script',
    '',
  ];
  return { path: `upstart/${name}.conf`, text: head(losses) + lines.join('\n'), mode: 0o644 };
}

function head(losses: readonly Loss[]): string {
  return comment('#', [
    'Written by `hold export upstart`. Put it into /etc/init, look at it with `init-checkconf`, and `initctl start` it.',
    ...(losses.length > 0
      ? ['', 'Not in these files, because Upstart cannot do it:', ...lossLines(losses)]
      : []),
  ]);
}

function starts({ autostart }: AppPlan, needs: readonly string[]): string[] {
  const stopping = needs.map((name) => ` or stopping ${name}`).join('');
  if (!autostart) return [`stop on runlevel [!2345]${stopping}`];
  // They come with the machine; when they are started again, so is this.
  const started = needs.map((name) => `started ${name}`).join(' and ');
  return [`start on ${started || 'runlevel [2345]'}`, `stop on runlevel [!2345]${stopping}`];
}

function respawn({ restart }: AppPlan): string[] {
  const { when, stopCodes, giveUp } = restart;
  const normal = [...new Set([...(when === 'on-failure' ? [0] : []), ...stopCodes])];
  return [
    'respawn',
    `respawn limit ${giveUp.crashes} ${Math.max(1, Math.round(giveUp.withinMs / 1000))}`,
    ...(normal.length > 0 ? ['# It means by these that it is done.', `normal exit ${normal.join(' ')}`] : []),
  ];
}

function stops({ signal, timeoutMs }: StopPlan): string[] {
  return [
    ...(signal === 'SIGTERM' ? [] : [`kill signal ${signal}`]),
    `kill timeout ${Math.max(1, Math.ceil(timeoutMs / 1000))}`,
  ];
}

/** A token of init(5). */
function quoted(text: string): string {
  const line = text.replace(/[\n\r]/g, ' ');
  return /^[\w@%+=:,./-]+$/.test(line) ? line : `"${line.replace(/["\\]/g, '\\$&')}"`;
}

const fates: InitFates = {
  after: 'kept',
  secrets: (secrets) =>
    Object.keys(secrets).length > 0 ? 'the files must be readable for the user that it runs as' : undefined,
  autostart: 'kept',
  ...onlyStarted,
  stop: ({ message, signal, ends }) => ({
    message: message ? `it gets ${signal} instead` : undefined,
    ends: ends === 'process' ? 'what it started gets the signal, too' : undefined,
  }),
  restart: (restart, { job }) => (job ? undefined : restartLost(restart)),
  rights: (rights) => {
    const unknown = Object.keys(rights.ulimits).filter((name) => !LIMITS.has(name));
    return {
      ...rightsLost(rights, { cpu: 'not limited', pids: 'not limited' }),
      user: isNumber(rights.user) ? 'Upstart takes a name only: write the name of this user' : undefined,
      group: isNumber(rights.group) ? 'Upstart takes a name only: write the name of this group' : undefined,
      ulimits: unknown.length > 0 ? `there is no limit ${unknown.join(', ')}` : undefined,
    };
  },
  pidFile: (path) => (path === null ? undefined : 'Upstart knows the pid: `initctl status`'),
  log: () => 'lines go to /var/log/upstart, which logrotate rotates',
};

function restartLost({
  when,
  max,
  early,
  delayMs,
  at,
}: AppPlan['restart']): Record<string, string | undefined> {
  const cron = at ? 'nothing restarts it by the clock' : undefined;
  if (when === 'never') return { cron };
  const backoff = 'it is started again at once, so that `giveUpAfter` is reached sooner';
  return {
    backoff,
    minUptime: backoff,
    delay: delayMs > 0 ? backoff : undefined,
    max: max === null ? undefined : 'restarts are counted by `giveUpAfter` only',
    early: early === 'give-up' ? 'an early exit is an exit like others' : undefined,
    cron,
  };
}
