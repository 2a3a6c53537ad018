/** When an app of PM2 is stopped, started again and replaced. Pure. */
import type { AppConfig, RestartConfig, StopConfig, WatchConfig } from '../config-types.ts';
import { showList } from '../show.ts';
import type { Pm2Values } from './pm2-values.ts';

export function stopOf(values: Pm2Values): StopConfig {
  return {
    signal: (values.text('kill_signal') ?? 'SIGINT') as NonNullable<StopConfig['signal']>,
    timeout: durationOf(values.ms('kill_timeout') ?? 1600),
    message: values.flag('shutdown_with_message') ? true : undefined,
    ends: values.flag('treekill') === false ? 'process' : undefined,
  };
}

/** PM2: this many exits before `min_uptime`, without a limit in time. Here it is a rate that just contains them. */
export function restartOf(values: Pm2Values, isJob: boolean): RestartConfig | undefined {
  const delay = values.ms('restart_delay') || 0;
  const growing = values.ms('exp_backoff_restart_delay') || 0;
  const minUptime = values.ms('min_uptime') ?? 1000;
  const crashes = Math.max(1, values.number('max_restarts') ?? 16);
  const longest = growing > 0 ? 15_000 : delay > 0 ? delay : 1000;
  const codes = values.list('stop_exit_codes')?.map(Number);
  if (codes?.some((code) => !Number.isInteger(code) || code < 0 || code > 255))
    values.problems.push('stop_exit_codes must be numbers from 0 to 255');
  if (isJob) return undefined;
  return {
    when: values.flag('autorestart') === false ? 'never' : undefined,
    stopCodes: codes,
    minUptime: durationOf(growing > 0 ? Math.max(minUptime, 30_000) : minUptime),
    delay: delay > 0 ? durationOf(delay) : undefined,
    backoff:
      growing > 0
        ? [`${growing}ms`, durationOf(Math.max(growing, longest))]
        : [`${delay || 100}ms`, durationOf(longest)],
    giveUpAfter: {
      crashes,
      within: durationOf(Math.min(crashes * (minUptime + longest + delay), 86_400_000)),
    },
    cron: cronOf(values),
  };
}

/** `0` takes it back, as `--cron-restart 0` does. */
export function cronOf(values: Pm2Values): string | undefined {
  const cron = values.text('cron_restart');
  return cron === '0' || cron === '' ? undefined : cron;
}

export function watchOf(values: Pm2Values, notes: string[]): AppConfig['watch'] {
  const watch = values.raw('watch');
  if (watch === undefined || watch === null || watch === false || watch === 'false') return undefined;
  const paths = watch === true || watch === 'true' ? undefined : values.list('watch');
  const ignored = values.list('ignore_watch') ?? [];
  const delay = values.ms('watch_delay');
  const odd = ignored.filter((pattern) => /[\\^$]/.test(pattern));
  if (odd.length > 0)
    notes.push(`ignore_watch: ${showList(odd, 'and')} cannot be taken over: use globs such as "logs/**"`);
  const config: WatchConfig = {
    paths,
    ignore:
      ignored.length > 0 ? ignored.filter((pattern) => !odd.includes(pattern)).flatMap(globsOf) : undefined,
    extensions: values.list('ext'),
    debounce: durationOf(delay),
  };
  return Object.values(config).every((value) => value === undefined) ? true : config;
}

/** A name without wildcards is about the file or the whole directory. */
function globsOf(pattern: string): string[] {
  const bare = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
  if (/[*?{[]/.test(bare)) return [bare];
  return bare.includes('/') ? [bare, `${bare}/**`] : [`**/${bare}`, `**/${bare}/**`];
}

export function memoryOf(values: Pm2Values): AppConfig['memory'] {
  const soft = values.size('max_memory_restart');
  return soft === undefined ? undefined : { soft };
}

/** As people write it: the largest unit that leaves a whole number. */
export function durationOf(ms: number): string;
export function durationOf(ms: number | undefined): string | undefined;
export function durationOf(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  for (const [unit, size] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const)
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}
