/** What s6 cannot do. */
import type { AppPlan, LogPlan, Plan } from '../../config/plan.ts';
import type { Loss } from '../exported.ts';
import { type InitFates, initLosses, onlyStarted, rightsLost } from '../services/losses.ts';

export function s6Losses(plan: Plan): Loss[] {
  return initLosses(plan, fates);
}

const fates: InitFates = {
  after: (after, { job }) =>
    after.length > 0 && !job
      ? 'it waits until their processes run, and is not stopped before them'
      : undefined,
  secrets: 'kept',
  autostart: 'kept',
  ...onlyStarted,
  stop: ({ message, signal, ends }) => ({
    message: message ? `it gets ${signal} instead` : undefined,
    ends: ends === 'tree' ? 'what has left its process group is not ended with it' : undefined,
  }),
  restart: (restart, { job }) => (job ? undefined : restartLost(restart)),
  rights: (rights) =>
    rightsLost(rights, {
      cpu: 'not limited',
      pids: 'not limited',
    }),
  pidFile: (path) => (path === null ? undefined : 's6 knows the pid: `s6-svstat`'),
  log: logLost,
};

function restartLost({ when, max, at }: AppPlan['restart']): Record<string, string | undefined> {
  return {
    giveUpAfter: when === 'never' ? undefined : 'a restart by hand (`s6-svc -r`) counts as an end, too',
    max: max === null || when === 'never' ? undefined : 'restarts are counted by `giveUpAfter` only',
    cron: at ? 'nothing restarts it by the clock' : undefined,
  };
}

function logLost({
  rotateEvery,
  rotateBytes,
  compress,
  files,
  forward,
  overflow,
  format,
}: LogPlan): Record<string, string | undefined> {
  return {
    '': 'lines go to /var/log/<service>/current by s6-log; look at it with tail(1)',
    total: 'only the size and the number of files are limited',
    rotateEvery: rotateEvery === null ? undefined : 'only by size',
    rotateSize:
      rotateBytes < 4096 || rotateBytes > 268_435_455 ? 's6-log takes 4096 to 268435455 bytes' : undefined,
    compress: compress ? 'old files are not compressed' : undefined,
    overflow: overflow === 'drop' ? 'the app waits when the disk is slow' : undefined,
    format: format === 'json' ? 'lines stay as they are' : undefined,
    files: (files.all ?? files.out ?? files.err) ? 'there are no files besides' : undefined,
    forward: forward.length > 0 ? 'nothing is sent elsewhere; s6-log can give lines to a program' : undefined,
  };
}
