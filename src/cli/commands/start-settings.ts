/** What `hold start` can be told beside the program, in the words of the configuration file. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { AppConfig } from '../../config/config-types.ts';
import { RARE } from '../help/rare.ts';

export type StartSettings = Omit<Partial<AppConfig>, 'run' | 'cwd'>;

export interface SettingOptions {
  envFile?: string;
  log?: string;
  out?: string;
  err?: string;
  pidFile?: string;
  watch?: boolean;
  restart?: string;
  cron?: string;
  memory?: string;
  user?: string;
  namespace?: string;
  after?: string[];
  ready?: string;
  health?: string;
  watchdog?: string;
  set?: Setting[];
}

type Setting = readonly [path: readonly string[], value: unknown];

export function addSettingOptions(command: Command): Command {
  return command
    .option('-w, --watch', 'restart it when a file in its directory changes')
    .option('--memory <size>', 'replace an instance that uses more, such as 512MB')
    .optionsGroup(RARE)
    .option('--env-file <file>', 'read environment variables from a file')
    .option('-l, --log <file>', 'also write its whole output to this file, as it is')
    .option('-o, --out <file>', 'also write its stdout to this file')
    .option('--err <file>', 'also write its stderr to this file')
    .option('--pid-file <file>', 'write its pid to this file')
    .option('--restart <when>', '"always", "on-failure" or "never"')
    .option('--cron <expression>', 'a job: run it by the clock, such as "*/5 * * * *"')
    .option('--user <name>', 'the user to run as (only root can)')
    .option('--namespace <name>', 'a name for several apps')
    .option('--after <app>', 'start it when this app is ready (repeatable)', collect)
    .option('--ready <sign>', '"listen", "started", "message" or "notify"')
    .option('--health <path>', 'replace an instance that does not answer this path')
    .option('--watchdog <time>', 'replace an instance whose event loop is blocked for longer')
    .option(
      '--set <setting=value>',
      'any other setting of an app, such as stop.timeout=5s (repeatable)',
      collectSetting,
    );
}

/** @param cwd where the person is: files that they name are relative to it */
export function settingsOf(options: SettingOptions, cwd: string): StartSettings {
  const at = (file: string) => resolve(cwd, file);
  const files = {
    ...(options.log !== undefined && { all: at(options.log) }),
    ...(options.out !== undefined && { out: at(options.out) }),
    ...(options.err !== undefined && { err: at(options.err) }),
  };
  const settings = {
    ...(options.envFile !== undefined && { envFile: at(options.envFile) }),
    ...(Object.keys(files).length > 0 && { log: { files } }),
    ...(options.pidFile !== undefined && { pidFile: at(options.pidFile) }),
    ...(options.watch && { watch: true }),
    ...(options.restart !== undefined && { restart: options.restart }),
    ...(options.cron !== undefined && { cron: options.cron }),
    ...(options.memory !== undefined && { memory: options.memory }),
    ...(options.user !== undefined && { user: options.user }),
    ...(options.namespace !== undefined && { namespace: options.namespace }),
    ...(options.after && { after: options.after }),
    ...(options.ready !== undefined && { ready: options.ready }),
    ...(options.health !== undefined && { health: options.health }),
    ...(options.watchdog !== undefined && { watchdog: options.watchdog }),
  };
  // The schema says what is wrong with a value.
  return (options.set ?? []).reduce<object>((all, [path, value]) => withSetting(all, path, value), settings);
}

function collect(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, text];
}

/** `stop.timeout=5s`. What is JSON is taken as that, so that numbers, lists and true can be said. */
export function collectSetting(text: string, earlier: readonly Setting[] = []): Setting[] {
  const [, name = '', value = ''] = /^([A-Za-z][\w.-]*)=(.*)$/s.exec(text) ?? [];
  const path = name.split('.');
  if (path.some((step) => step === '' || step === '__proto__')) {
    throw new InvalidArgumentError('It must have the form setting=value, such as stop.timeout=5s');
  }
  return [...earlier, [path, jsonOr(value)]];
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A short form that was given before gives way: `restart: "never"` to `restart.max`. */
function withSetting(all: object, [first, ...rest]: readonly string[], value: unknown): object {
  if (first === undefined) return all;
  const record = all as Record<string, unknown>;
  const inner = record[first];
  const below = typeof inner === 'object' && inner !== null ? inner : {};
  return { ...record, [first]: rest.length === 0 ? value : withSetting(below, rest, value) };
}
