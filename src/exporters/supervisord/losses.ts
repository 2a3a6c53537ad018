/** What supervisord cannot do. */
import type { AppPlan, LogPlan, Plan } from '../../config/plan.ts';
import type { ExportOptions, Loss } from '../exported.ts';
import { type InitFates, initLosses, onlyStarted, rightsLost } from '../services/losses.ts';

export function supervisordLosses(plan: Plan, options: ExportOptions): Loss[] {
  return initLosses(plan, options, fates);
}

const LIMITS = 'it has the limits of supervisord itself (`minfds` in supervisord.conf)';

const fates: InitFates = {
  after: (after, { job }) =>
    after.length > 0 && !job
      ? 'only the order in which they are started and stopped: it does not wait until they are ready'
      : undefined,
  secrets: (secrets) =>
    Object.keys(secrets).length > 0 ? 'the files must be readable for the user that it runs as' : undefined,
  autostart: 'kept',
  ...onlyStarted,
  stop: ({ message, signal, ends }) => ({
    message: message ? `it gets ${signal} instead` : undefined,
    ends:
      ends === 'tree'
        ? 'what it started gets the signal, too; what a crash leaves behind is not ended'
        : undefined,
  }),
  restart: (restart, { job }) => (job ? undefined : restartLost(restart)),
  rights: (rights) =>
    rightsLost(rights, {
      group: 'it has the groups of its user',
      nice: 'it has the priority of supervisord itself',
      oomScore: 'not set',
      ulimits: LIMITS,
      cpu: 'not limited',
      pids: 'not limited',
    }),
  pidFile: (path) => (path === null ? undefined : 'supervisord knows the pid: `supervisorctl pid`'),
  log: logLost,
};

function restartLost({
  when,
  stopCodes,
  delayMs,
  max,
  at,
}: AppPlan['restart']): Record<string, string | undefined> {
  const cron = at ? 'nothing restarts it by the clock' : undefined;
  if (when === 'never') return { cron };
  const early = 'an exit before `minUptime` is a crash, whatever its code';
  return {
    backoff: 'the pause grows by a second each time, and only for those that end before `minUptime`',
    delay: delayMs > 0 ? 'there is no pause before the first restart' : undefined,
    giveUpAfter: 'it gives up after ends before `minUptime` in a row, not within a time',
    when: when === 'on-failure' ? early : undefined,
    stopCodes: stopCodes.length > 0 ? early : undefined,
    max: max === null ? undefined : 'restarts are counted by `giveUpAfter` only',
    cron,
  };
}

function logLost({
  rotateEvery,
  compress,
  overflow,
  format,
  files,
  forward,
}: LogPlan): Record<string, string | undefined> {
  return {
    '': 'lines go to /var/log/supervisor as they are, without the time; `supervisorctl tail -f`',
    total: 'only the size and the number of files are limited',
    rotateEvery: rotateEvery === null ? undefined : 'only by size',
    compress: compress ? 'old files are not compressed' : undefined,
    overflow: overflow === 'drop' ? 'the app waits when the disk is slow' : undefined,
    format: format === 'json' ? 'lines stay as they are' : undefined,
    files: (files.all ?? files.out ?? files.err) ? 'there are no files besides' : undefined,
    forward: forward.length > 0 ? 'nothing is sent elsewhere' : undefined,
  };
}
