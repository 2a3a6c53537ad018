/** From the start of an instance to its end: when it is ready, whether it is well, how it stops, when it comes back. */
import { z } from 'zod';
import { schedule } from '../kit/cron.ts';
import { described, optional, section, withDefault } from './describe.ts';
import { choice, duration, durationRange, flag, kind, Refusal, text, wholeNumber } from './kinds.ts';
import { probeOf, probeSettings, probeShape } from './probe-schema.ts';
import { show } from './show.ts';
import { signal } from './signals.ts';

const readySigns = choice('auto', 'listen', 'started', 'message', 'notify').transform((by) => ({ by }));
const readyProbe = probeSettings.transform((probe) => ({ by: 'probe' as const, probe }));

export const ready = z.union([readySigns, readyProbe]);

const healthSettings = z
  .strictObject({
    ...probeShape,
    every: withDefault(duration, '10s', { says: 'How often' }),
    timeout: withDefault(duration, '5s', { says: 'How long an answer may take' }),
    failures: withDefault(wholeNumber(1, 1000), 3, { says: 'Failures in a row after which it is replaced' }),
  })
  .transform(({ every, timeout, failures, ...rest }, context) => {
    const probe = probeOf(rest, context);
    return probe
      ? { probe, everyMs: Math.max(every, 1), timeoutMs: Math.max(timeout, 1), failures }
      : z.NEVER;
  });

const healthPath = kind<string>({
  title: 'path',
  expected: 'a path such as "/healthz", or an object with settings',
  json: { type: 'string', pattern: '^/' },
  read: (input) => (typeof input === 'string' && input.startsWith('/') ? input : undefined),
});

export const health = z.union([
  healthPath.transform((path) => healthSettings.parse({ path })),
  healthSettings,
]);

const exitCode = wholeNumber(0, 255);

const cronExpression = kind<string>({
  title: 'cron expression',
  expected: 'a cron expression such as "0 4 * * *"',
  json: { type: 'string', minLength: 1 },
  read(input) {
    if (typeof input !== 'string' || input.trim() === '') return undefined;
    try {
      const expression = input.trim();
      const fields = expression.split(/\s+/).length;
      // The library also takes a year.
      if (fields <= 6 && schedule(expression, null).next(Date.now()) !== null) return expression;
      if (fields > 6)
        return new Refusal(`must have five fields, or six with seconds first: got ${show(input)}`);
      return new Refusal(`must be a cron expression that comes true some day: got ${show(input)}`);
    } catch {
      const parts = 'minute hour day month weekday';
      return new Refusal(`must be a cron expression (${parts}), such as "0 4 * * *": got ${show(input)}`);
    }
  },
});

const timezone = kind<string>({
  title: 'time zone',
  expected: 'a time zone such as "Europe/Berlin"',
  json: { type: 'string', minLength: 1 },
  read(input) {
    try {
      if (typeof input !== 'string') return undefined;
      return new Intl.DateTimeFormat('en', { timeZone: input }).resolvedOptions().timeZone;
    } catch {
      return undefined;
    }
  },
});

const inTimezone = {
  says: "The time zone of the expression; without it, this machine's",
  example: 'Europe/Berlin',
};

const jobSettings = z.strictObject({
  at: described(cronExpression, {
    says: 'When: minute, hour, day, month, weekday; or six fields, seconds first',
    example: '*/5 * * * *',
  }),
  timezone: optional(timezone, inTimezone),
  missed: withDefault(choice('skip', 'run'), 'skip', {
    says: 'What to do when a time passed while the machine was off or Holdfast did not run. `run`: one run at once',
  }),
  timeout: optional(duration, { says: 'A run that takes longer is ended, and has failed', example: '10m' }),
});

export const cron = z.union([cronExpression.transform((at) => jobSettings.parse({ at })), jobSettings]);

const restartWhen = choice('always', 'on-failure', 'never');

const restartSettings = z.strictObject({
  when: withDefault(restartWhen, 'always', {
    says: 'After which exits it is started again. `on-failure`: after a code other than 0, or a signal',
  }),
  stopCodes: withDefault(z.array(exitCode), [], {
    says: 'Exit codes that mean that it is done: it is not started again, whatever `when` says',
    example: [0, 3],
  }),
  max: optional(wholeNumber(0, 1_000_000), {
    says: 'How often it is started again after an exit, at most; then it is `failed` until someone starts it',
  }),
  minUptime: withDefault(duration, '1s', {
    says: 'One that lived this long was well, and what follows counts as a first crash',
  }),
  early: withDefault(choice('retry', 'give-up'), 'retry', {
    says: 'What an exit before `minUptime` means. `give-up`: it is `failed` at once',
  }),
  delay: withDefault(duration, 0, { says: 'A pause before every restart, also the first' }),
  backoff: withDefault(durationRange, ['100ms', '30s'], {
    says: 'The shortest and the longest pause before a crashed instance is started again; it doubles with each crash',
  }),
  giveUpAfter: section(
    {
      crashes: withDefault(wholeNumber(1, 1_000_000), 10, { says: 'Crashes after which it is given up' }),
      within: withDefault(duration, '1m', { says: 'The time within which they happen' }),
    },
    'When to stop trying: the instance is `failed` then, until someone starts it',
  ),
  cron: optional(cronExpression, {
    says: 'Replace its instances by the clock, one after the other, without a gap',
    example: '0 4 * * *',
  }),
  timezone: optional(timezone, inTimezone),
});

export const restart = described(
  z.union([restartWhen.transform((when) => restartSettings.parse({ when })), restartSettings]).prefault({}),
  { says: 'What happens after it ended by itself. A word is short for `{ when }`' },
);

export const stop = section(
  {
    signal: withDefault(signal, 'SIGTERM', { says: 'The signal that asks it to end' }),
    timeout: withDefault(duration, '10s', { says: 'How long it may take to end before SIGKILL' }),
    message: withDefault(flag, false, {
      says: "Ask by the message `shutdown` (`process.on('message', …)`) instead of the signal. Needs the guest",
    }),
    ends: withDefault(choice('tree', 'process'), 'tree', {
      says: 'What ends: it and all that it started (`tree`), or only itself (`process`)',
    }),
  },
  'How an instance is stopped',
);

const watchPath = text('path', 'a path');

const watchSettings = z.strictObject({
  paths: withDefault(z.array(watchPath).min(1), ['.'], { says: 'Files and directories, relative to `cwd`' }),
  ignore: withDefault(z.array(text('glob', 'a glob such as "tmp/**"')), [], {
    says: 'Globs, relative to `cwd`, of what does not count. node_modules, dot files and logs never count',
    example: ['uploads/**'],
  }),
  extensions: withDefault(z.array(text('extension', 'an extension such as "js"')), [], {
    says: 'Only files that end so; none: all files',
    example: ['js', 'json'],
  }),
  debounce: withDefault(duration, '200ms', { says: 'How long it must be quiet after a change' }),
});

export const watch = z.union([
  flag.transform((on) => (on ? watchSettings.parse({}) : null)),
  z
    .array(watchPath)
    .min(1)
    .transform((paths) => watchSettings.parse({ paths })),
  watchSettings,
]);
