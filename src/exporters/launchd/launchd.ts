/** Property lists for macOS, launchd.plist(5): one daemon for each instance, and for each job. */
import type { AppPlan, CronPlan, Plan } from '../../config/plan.ts';
import { xmlEscape } from '../../kit/quote.ts';
import type { Exported, ExportedFile, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { cronTimes } from '../services/cron-times.ts';
import { envFilePath, envFiles } from '../services/env-file.ts';
import { type InitFates, initLosses, readyLost, rightsLost } from '../services/losses.ts';
import { type Service, servicesOf } from '../services/service.ts';
import { execLine, secretLines } from '../services/shell.ts';

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** By the names of launchd.plist(5). */
const LIMITS: Readonly<Record<string, string>> = {
  core: 'Core',
  cpu: 'CPU',
  data: 'Data',
  fsize: 'FileSize',
  memlock: 'MemoryLock',
  nofile: 'NumberOfFiles',
  nproc: 'NumberOfProcesses',
  rss: 'ResidentSetSize',
  stack: 'Stack',
};

export function launchd(plan: Plan, options: ExportOptions): Exported {
  const services = servicesOf(plan, options).filter(({ app }) => !app.job || calendar(app.job));
  const losses = initLosses(plan, options, fates);
  return {
    files: [
      ...services.map((service, index) => daemon(service, options, index === 0 ? losses : [])),
      ...envFiles('launchd', services, options, { before: '', syntax: 'values as sh(1) wants them' }),
    ],
    losses,
  };
}

function daemon(service: Service, options: ExportOptions, losses: readonly Loss[]): ExportedFile {
  const { app, name, env, user, group } = service;
  const secret = secretLines(service, envFilePath(app, options));
  const log = `/var/log/${name}.log`;
  const { rights, stop, job } = app;
  const limits = Object.entries(rights.ulimits).flatMap(([key, value]) =>
    LIMITS[key] === undefined || value === 'unlimited' ? [] : [[LIMITS[key], value] as const],
  );
  const entries: Readonly<Record<string, Value>> = {
    Label: name,
    ProgramArguments:
      secret.length > 0 ? ['/bin/sh', '-c', [...secret, execLine(service)].join(' && ')] : program(service),
    WorkingDirectory: app.cwd,
    EnvironmentVariables: env.open,
    ...(user === null ? {} : { UserName: user }),
    ...(group === null ? {} : { GroupName: group }),
    ...(job ? { StartCalendarInterval: calendar(job) ?? [] } : running(app)),
    ExitTimeOut: Math.max(1, Math.ceil(stop.timeoutMs / 1000)),
    ...(stop.ends === 'process' ? { AbandonProcessGroup: true } : {}),
    ...(rights.umask === null ? {} : { Umask: rights.umask }),
    ...(rights.nice === null ? {} : { Nice: rights.nice }),
    ...(limits.length > 0
      ? { SoftResourceLimits: Object.fromEntries(limits), HardResourceLimits: Object.fromEntries(limits) }
      : {}),
    StandardOutPath: log,
    StandardErrorPath: log,
  };
  const text = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<!--',
    ...head(losses).map((line) => `  ${xmlEscape(line).replaceAll('--', '- -')}`.trimEnd()),
    '-->',
    '<plist version="1.0">',
    ...print(entries, ''),
    '</plist>',
    '',
  ].join('\n');
  return { path: `launchd/${name}.plist`, text, mode: 0o644 };
}

function head(losses: readonly Loss[]): string[] {
  return [
    'Written by `hold export launchd`. Put it into /Library/LaunchDaemons (owner root), then `launchctl bootstrap system` and its path.',
    ...(losses.length > 0
      ? ['', 'Not in these files, because launchd cannot do it:', ...lossLines(losses)]
      : []),
  ];
}

/** launchd has a PATH of its own where it looks for programs. */
function program({ argv }: Service): readonly string[] {
  return argv[0].startsWith('/') ? argv : ['/usr/bin/env', ...argv];
}

function running({ autostart, restart }: AppPlan): Record<string, Value> {
  const { when, delayMs, backoffMinMs } = restart;
  return {
    ...(when === 'never'
      ? { RunAtLoad: autostart }
      : {
          // What it keeps running it also starts.
          KeepAlive: when === 'always' ? true : { SuccessfulExit: false },
          // At least so many seconds between two starts.
          ThrottleInterval: Math.max(1, Math.ceil(Math.max(delayMs, backoffMinMs) / 1000)),
        }),
  };
}

/** At most so many entries: a product of lists grows quickly. */
const MOST = 500;

/** One dictionary for each time; what is left out means every one. undefined: launchd has no words for it. */
export function calendar({ expression, timezone }: CronPlan): Record<string, number>[] | undefined {
  const times = cronTimes(expression);
  if (!times || timezone !== null || times.seconds.length !== 1 || times.seconds[0] !== 0) return undefined;
  const clock = product(
    product(key('Month', times.months, 12), key('Hour', times.hours, 24)),
    key('Minute', times.minutes, 60),
  );
  const days = times.days.map((rule) => {
    if (rule.kind === 'any') return [{}];
    if (rule.kind === 'month-days') return key('Day', rule.days, 31);
    return rule.kind === 'weekdays' ? key('Weekday', rule.days, 7) : undefined;
  });
  const all = days.filter((day) => day !== undefined).flatMap((day) => product(day, clock));
  return days.includes(undefined) || all.length > MOST ? undefined : all;
}

type Times = readonly Readonly<Record<string, number>>[];

function key(name: string, values: readonly number[], all: number): Times {
  return values.length === all ? [{}] : values.map((value) => ({ [name]: value }));
}

function product(one: Times, other: Times): Record<string, number>[] {
  return one.flatMap((a) => other.map((b) => ({ ...a, ...b })));
}

function print(value: Value, indent: string): string[] {
  if (typeof value === 'string') return [`${indent}<string>${xmlText(value)}</string>`];
  if (typeof value === 'number') return [`${indent}<integer>${value}</integer>`];
  if (typeof value === 'boolean') return [`${indent}<${value}/>`];
  const inner = `${indent}  `;
  if (isList(value)) {
    return [`${indent}<array>`, ...value.flatMap((one) => print(one, inner)), `${indent}</array>`];
  }
  const entries = Object.entries(value).flatMap(([name, one]) => [
    `${inner}<key>${xmlText(name)}</key>`,
    ...print(one, inner),
  ]);
  return [`${indent}<dict>`, ...entries, `${indent}</dict>`];
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** XML 1.0 has no other control characters, not even escaped. */
function xmlText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is searched.
  return xmlEscape(text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, ' ')).replaceAll('\r', '&#13;');
}

const fates: InitFates = {
  after: (after) =>
    after.length > 0 ? 'launchd starts all at once: it must wait for them itself' : undefined,
  secrets: (secrets) =>
    Object.keys(secrets).length > 0 ? 'the files must be readable for the user that it runs as' : undefined,
  autostart: (autostart, { restart, job }) =>
    autostart || (!job && restart.when === 'never')
      ? undefined
      : 'launchd starts what it keeps running, and what has a time',
  readyTimeoutMs: (_, app) => readyLost(app.ready, app),
  ready: readyLost,
  watchdogMs: (ms) => (ms === null ? undefined : 'nobody notices a blocked event loop'),
  stop: ({ message, signal }) => ({
    message: message ? 'it gets SIGTERM instead' : undefined,
    signal: signal === 'SIGTERM' ? undefined : 'launchd sends SIGTERM and no other',
  }),
  restart: (restart, { job }) => (job ? undefined : restartLost(restart)),
  job: (job) => {
    if (!job) return undefined;
    if (!calendar(job))
      return 'launchd has no words for this time (no seconds, no time zones): nothing starts it';
    return {
      missed:
        job.missed === 'skip'
          ? 'a run that was missed while the machine slept is done when it wakes'
          : undefined,
      timeout: job.timeoutMs === null ? undefined : 'a run may take as long as it likes',
    };
  },
  memory: ({ softBytes, hardBytes }) => ({
    soft: softBytes === null ? undefined : 'nobody measures its memory',
    hard: hardBytes === null ? undefined : 'its memory is not limited',
  }),
  rights: (rights) => {
    const unknown = Object.entries(rights.ulimits).filter(
      ([name, value]) => LIMITS[name] === undefined || value === 'unlimited',
    );
    return {
      ...rightsLost(rights, { cpu: 'not limited', pids: 'not limited', oomScore: 'macOS has no such thing' }),
      ulimits: unknown.length > 0 ? `not set: ${unknown.map(([name]) => name).join(', ')}` : undefined,
    };
  },
  pidFile: (path) => (path === null ? undefined : 'launchd knows the pid: `launchctl print`'),
  log: () => 'lines go to /var/log, where newsyslog(8) can rotate them',
};

function restartLost({
  when,
  max,
  stopCodes,
  early,
  at,
}: AppPlan['restart']): Record<string, string | undefined> {
  const cron = at ? 'nothing restarts it by the clock' : undefined;
  if (when === 'never') return { cron };
  const backoff = 'the pause does not grow';
  return {
    backoff,
    minUptime: backoff,
    giveUpAfter: 'launchd never gives up',
    stopCodes: stopCodes.length > 0 ? 'exit codes other than 0 are failures' : undefined,
    max: max === null ? undefined : 'launchd never gives up',
    early: early === 'give-up' ? 'launchd never gives up' : undefined,
    cron,
  };
}
