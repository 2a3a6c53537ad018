/** What is lost with runit, s6 and s6-rc alike: they share the scripts that start an app and judge its end. */
import type { LogPlan } from '../../config/plan.ts';
import { type InitFates, onlyStarted, rightsLost } from './losses.ts';

export const scripted = {
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
  restart: ({ when, max, at }, { job }) =>
    job
      ? undefined
      : {
          max: max === null || when === 'never' ? undefined : 'restarts are counted by `giveUpAfter` only',
          cron: at ? 'nothing restarts it by the clock' : undefined,
        },
  rights: (rights) => rightsLost(rights, { cpu: 'not limited', pids: 'not limited' }),
} as const satisfies Partial<InitFates>;

/** @param program that writes the log */
export function linesLost(
  { files, overflow, format }: LogPlan,
  program: string,
): Record<string, string | undefined> {
  return {
    '': `lines go to /var/log/<service>/current by ${program}; look at it with tail(1)`,
    total: 'only the size and the number of files are limited',
    overflow: overflow === 'drop' ? 'the app waits when the disk is slow' : undefined,
    format: format === 'json' ? 'lines stay as they are' : undefined,
    files: (files.all ?? files.out ?? files.err) ? 'there are no files besides' : undefined,
  };
}
