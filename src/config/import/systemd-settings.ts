/** From the assignments of a unit to the settings of an app: systemd.service(5), systemd.kill(5). */
import type { AppConfig, RestartConfig } from '../config-types.ts';
import { signal as signalSetting } from '../signals.ts';
import { durationText } from './imported.ts';
import { Assignments, type Note } from './systemd-assignments.ts';
import { unitCommand } from './systemd-command.ts';
import { environmentOf } from './systemd-environment.ts';
import { rightsOf } from './systemd-rights.ts';
import { type UnitEntry, unitDuration } from './systemd-unit.ts';

export interface UnitContext {
  /** The app that another unit has become, if it is imported too. */
  appOf(unit: string): string | undefined;
  /** Names of the variables in an EnvironmentFile; undefined when it cannot be read here. */
  variablesIn(file: string): readonly string[] | undefined;
}

interface UnitSettings {
  readonly app: AppConfig;
  readonly notes: readonly string[];
}

export function settingsOf(entries: readonly UnitEntry[], context: UnitContext): UnitSettings {
  const unit = new Assignments(entries);
  const notes: string[] = [];
  const note = (text: string) => notes.push(text);
  const { env, port, envFile, passEnv } = environmentOf(unit, context, note);
  const command = unitCommand(unit.all('Service', 'ExecStart').at(-1) ?? '', {
    ...env,
    ...(port !== undefined && { PORT: String(port) }),
  });
  notes.push(...(command?.notes ?? []));
  if (unit.all('Service', 'ExecStart').length > 1)
    note('ExecStart is there several times, which only a oneshot can have: the last one was taken');
  const app: AppConfig = {
    run: command?.run ?? '',
    cwd: directoryOf(unit, note),
    env,
    envFile,
    passEnv,
    port,
    after: afterOf(unit, context, note),
    ...readinessOf(unit, note),
    stop: stopOf(unit, note),
    restart: shortRestart(restartOf(unit, note)),
    ...rightsOf(unit, note),
    log: { files: logFilesOf(unit, note) },
  };
  notes.push(...unit.leftovers());
  return { app, notes };
}

function directoryOf(unit: Assignments, note: Note): string | undefined {
  const value = unit.one('WorkingDirectory');
  if (value === undefined) {
    note('there is no WorkingDirectory: systemd runs it in "/", and so does this file');
    return '/';
  }
  if (value.replace(/^-/, '') === '~') {
    note('WorkingDirectory=~ is the home directory of its user: write it as cwd');
    return undefined;
  }
  if (value.startsWith('-'))
    note(`WorkingDirectory=${value}: it may be missing there, and must be there here`);
  return value.replace(/^-/, '');
}

const boot =
  /^(network|network-online|remote-fs|local-fs|basic|sysinit|multi-user|syslog|time-sync|nss-lookup|default)\.target$|^(syslog|systemd-.*)\./;

function afterOf(unit: Assignments, context: UnitContext, note: Note): readonly string[] | undefined {
  const needs = ['After', 'Requires', 'Wants', 'BindsTo', 'Requisite', 'PartOf'];
  const names = needs.flatMap((key) => unit.all('Unit', key).flatMap((value) => value.split(/\s+/)));
  const units = [...new Set(names)].filter((name) => name !== '');
  const known = units.flatMap((name) => context.appOf(name) ?? []);
  const others = units.filter((name) => context.appOf(name) === undefined && !boot.test(name));
  if (others.length > 0)
    note(
      `it comes after ${others.join(', ')}, which Holdfast does not run: import them too, or make it wait by itself`,
    );
  return known.length > 0 ? known : undefined;
}

function readinessOf(unit: Assignments, note: Note): Pick<AppConfig, 'ready' | 'readyTimeout' | 'watchdog'> {
  const type = unit.one('Type') ?? 'simple';
  unit.one('NotifyAccess');
  const notifies = type === 'notify' || type === 'notify-reload';
  if (type === 'forking')
    note('Type=forking: it must stay in the foreground here; look for an option such as --no-daemon');
  else if (type === 'oneshot') note('Type=oneshot: it runs once here, and is shown as done');
  else if (!['simple', 'exec', 'idle', 'notify'].includes(type))
    note(`Type=${type} is taken as ${notifies ? 'notify' : 'simple'}`);
  const timeout = timeoutOf(unit, note, ['TimeoutStartSec', 'TimeoutSec']);
  const watchdog = unit.one('WatchdogSec');
  const watchdogMs = watchdog === undefined ? undefined : unitDuration(watchdog);
  if (watchdogMs)
    note(
      `WatchdogSec=${watchdog}: here the guest watches the event loop, and the app need not send WATCHDOG=1`,
    );
  return {
    ready: notifies ? 'notify' : undefined,
    readyTimeout: timeout,
    watchdog: watchdogMs ? durationText(watchdogMs) : undefined,
  };
}

function timeoutOf(unit: Assignments, note: Note, keys: readonly string[]): string | undefined {
  const key = keys.find((each) => unit.one(each) !== undefined);
  const value = key === undefined ? undefined : unit.one(key);
  if (value === undefined) return undefined;
  const ms = unitDuration(value);
  if (ms !== undefined && Number.isFinite(ms) && ms > 0) return durationText(ms);
  note(`${key}=${value}: without a limit there; here it is a day`);
  return '1d';
}

function stopOf(unit: Assignments, note: Note): AppConfig['stop'] {
  const asked = unit.one('KillSignal');
  const name = asked === undefined ? undefined : asked.replace(/^(SIG)?/, 'SIG');
  const read = signalSetting.safeParse(name);
  if (name !== undefined && !read.success) note(`KillSignal=${asked} cannot be a stop.signal: it is SIGTERM`);
  const mode = unit.one('KillMode') ?? 'control-group';
  if (mode === 'mixed') note('KillMode=mixed: here the signal goes to all processes, and so does SIGKILL');
  if (mode === 'none') note('KillMode=none: systemd ends nothing then; here it is ended');
  if (/^(no|false|0|off)$/i.test(unit.one('SendSIGKILL') ?? ''))
    note('SendSIGKILL=no: here SIGKILL follows after stop.timeout');
  return {
    signal: read.success && name !== 'SIGTERM' ? read.data : undefined,
    timeout: timeoutOf(unit, note, ['TimeoutStopSec', 'TimeoutSec']),
    ends: mode === 'process' ? 'process' : undefined,
  };
}

function restartOf(unit: Assignments, note: Note): RestartConfig {
  const word = unit.one('Restart') ?? 'no';
  const when = restartWords[word];
  if (when === undefined) note(`Restart=${word} is taken as "on-failure", the nearest to it`);
  const pause = durationSetting(unit.one('RestartSec'));
  const longest = durationSetting(unit.one('RestartMaxDelaySec'));
  unit.one('RestartSteps');
  const codes = unit.all('Service', 'RestartPreventExitStatus').flatMap((value) => value.split(/\s+/));
  const numbers = codes.filter((code) => /^\d{1,3}$/.test(code)).map(Number);
  if (numbers.length < codes.length)
    note(`RestartPreventExitStatus=${codes.join(' ')}: only codes can be said, in restart.stopCodes`);
  return {
    when: (when ?? 'on-failure') === 'always' ? undefined : (when ?? 'on-failure'),
    stopCodes: numbers.length > 0 ? numbers : undefined,
    delay: pause !== undefined && longest === undefined ? pause : undefined,
    backoff: longest === undefined ? undefined : [pause ?? '100ms', longest],
    giveUpAfter: limitOf(unit),
  };
}

/** `'never'` says as much as `{ when: 'never' }`. */
function shortRestart({ when, ...others }: RestartConfig): AppConfig['restart'] {
  const isAlone = Object.values(others).every((value) => value === undefined);
  return isAlone ? when : { when, ...others };
}

const restartWords: Readonly<Record<string, NonNullable<RestartConfig['when']>>> = {
  no: 'never',
  always: 'always',
  'on-failure': 'on-failure',
};

function durationSetting(value: string | undefined): string | undefined {
  const ms = value === undefined ? undefined : unitDuration(value);
  return ms === undefined || !Number.isFinite(ms) ? undefined : durationText(ms);
}

/** Under [Unit], and in old units under [Service]. */
function limitOf(unit: Assignments): RestartConfig['giveUpAfter'] {
  const find = (...keys: string[]) =>
    keys.flatMap((key) => [unit.one(key, 'Unit'), unit.one(key)]).find((value) => value !== undefined);
  const burst = find('StartLimitBurst');
  const interval = find('StartLimitIntervalSec', 'StartLimitInterval');
  if (burst === undefined && interval === undefined) return undefined;
  const ms = interval === undefined ? 10_000 : unitDuration(interval);
  // 0 turns the limit off.
  if (ms === 0) return { crashes: 1_000_000, within: '1s' };
  return {
    crashes: Math.max(Number(burst ?? 5) || 5, 1),
    within: durationText(ms !== undefined && Number.isFinite(ms) ? ms : 86_400_000),
  };
}

function logFilesOf(unit: Assignments, note: Note): NonNullable<AppConfig['log']>['files'] {
  const [out, err] = ['StandardOutput', 'StandardError'].map((key) => {
    const value = unit.one(key);
    const [, kind, file] = /^(append|file|truncate):(.+)$/.exec(value ?? '') ?? [];
    if (value !== undefined && file === undefined && !['journal', 'inherit'].includes(value)) {
      note(`${key}=${value}: here all output is kept, see \`hold logs\``);
    }
    return { file, empties: kind === 'truncate' };
  });
  unit.one('StandardInput');
  return { out: out?.file, err: err?.file, append: out?.empties || err?.empties ? false : undefined };
}
