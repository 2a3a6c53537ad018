/** From an app as PM2 knows it to an app of Holdfast: same meaning, and better where that harms nobody. */
import { basename, extname, join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { AppConfig, LogConfig, RestartConfig, StopConfig, WatchConfig } from '../config-types.ts';
import { splitWords } from '../shell-words.ts';
import { showList } from '../show.ts';
import type { Pm2App } from './pm2-fields.ts';
import { pm2Name } from './pm2-name.ts';
import type { Pm2Values } from './pm2-values.ts';

export interface Pm2Place {
  /** What `--env` says: the variables of `env_<environment>` come over those of `env`. */
  readonly environment: string | undefined;
  /** PM2_HOME, absolute: where log and pid files are that nobody named. null: there are none then. */
  readonly home: string | null;
  /** Cores, for `instances: -1`. */
  readonly parallelism: number;
  /** For `~`. */
  readonly userHome: string;
}

export interface ImportedApp {
  readonly name: string;
  readonly config: AppConfig;
  /** What is not as the file says; each a sentence. */
  readonly notes: readonly string[];
  /** Names of variables that must not be taken from the shell: all, or those that contain one of these texts. */
  readonly filterEnv: true | readonly string[];
}

/** As PM2 decides it: several instances of a Node program share their ports, a fork is on its own. */
export function pm2IsCluster(values: Pm2Values): boolean {
  const mode = values.text('exec_mode');
  if (mode !== undefined) return mode.startsWith('cluster');
  return values.has('instances') && ['node', 'bun'].includes(values.text('interpreter') ?? 'node');
}

/** @throws HoldfastError IMPORT_INVALID with all that is wrong */
export function importPm2App({ values, environments, notes }: Pm2App, place: Pm2Place): ImportedApp {
  const script = values.text('script');
  if (script === undefined)
    throw new HoldfastError('IMPORT_INVALID', 'An app has no "script": it must say what to run');
  const told = [...notes];
  const wanted = nameOf(values, script, place);
  const name = pm2Name(wanted);
  if (name !== wanted)
    told.push(`"${wanted}" is named so, since names consist of letters, digits, "-" and "_" here`);
  const env = envOf(values, environments, place);
  const port = portOf(values, env, told);
  const isJob = values.flag('autorestart') === false && cronOf(values) !== undefined;
  if (isJob)
    told.push(
      `autorestart: false with cron_restart is a job: it is run by the clock, and at once by \`hold run ${name}\``,
    );
  const files = filesOf(name, values, place);
  const config: AppConfig = {
    run: runOf(script, values, told),
    args: values.words('args'),
    cwd: homed(values.text('cwd'), place),
    instances: instancesOf(values, place),
    env: Object.keys(env).length === 0 ? undefined : env,
    namespace: namespaceOf(values),
    autostart: values.flag('autostart') === false ? false : undefined,
    ...port,
    ready: values.flag('wait_ready') ? 'message' : port.portStep === undefined ? undefined : 'started',
    readyTimeout: durationOf(values.ms('listen_timeout')),
    stop: stopOf(values),
    restart: restartOf(values, isJob),
    cron: isJob ? cronOf(values) : undefined,
    watch: watchOf(values, told),
    memory: sizeOf(values),
    user: values.text('uid'),
    group: values.text('gid'),
    pidFile:
      homed(values.text('pid_file'), place) ??
      (place.home === null ? undefined : join(place.home, 'pids', `${name}.pid`)),
    log: files === undefined ? undefined : { files },
  };
  if (values.flag('disable_logs'))
    told.push(
      'disable_logs: there are no log files besides the log of `hold logs`, which is rotated and capped',
    );
  if (values.has('watch_options')) told.push('watch_options has no effect');
  const variable = values.text('instance_var') ?? 'NODE_APP_INSTANCE';
  if (variable !== 'NODE_APP_INSTANCE')
    told.push(`instance_var: the number of the instance is in NODE_APP_INSTANCE, not in ${variable}`);
  if (values.problems.length > 0) {
    throw new HoldfastError('IMPORT_INVALID', `Cannot read "${wanted}": ${values.problems[0]}`, {
      details: values.problems.slice(1),
    });
  }
  return { name, config: withoutUndefined(config), notes: told, filterEnv: filterOf(values) };
}

function nameOf(values: Pm2Values, script: string, { environment }: Pm2Place): string {
  const words = splitWords(script);
  const [first = script] = 'words' in words ? words.words : script.trim().split(/\s/);
  const named = values.text('name') ?? basename(first, extname(first));
  const suffix = values.flag('append_env_to_name') && environment !== undefined ? `-${environment}` : '';
  return `${values.text('name_prefix') ?? ''}${named}${suffix}`;
}

/** PM2's table of interpreters by extension, without what Node runs itself. */
const interpreters: Readonly<Record<string, string>> = {
  '.sh': 'bash',
  '.py': 'python3',
  '.rb': 'ruby',
  '.pl': 'perl',
  '.php': 'php',
};

function runOf(script: string, values: Pm2Values, notes: string[]): string | readonly string[] {
  const nodeArgs = [...(values.words('node_args') ?? [])];
  if (values.flag('source_map_support')) nodeArgs.push('--enable-source-maps');
  let interpreter = values.text('interpreter');
  if (interpreter?.startsWith('node@')) {
    notes.push(
      `interpreter: it runs with the Node of Holdfast, not with ${interpreter}; name its path to change that`,
    );
    interpreter = 'node';
  }
  if (interpreter === 'none') return [script];
  if (interpreter === undefined && /[|&;<>()`$]/.test(script) && /\s/.test(script))
    return ['bash', '-c', script];
  const known = interpreter ?? interpreters[extname(script)];
  if (known !== undefined && (known !== 'node' || nodeArgs.length > 0)) return [known, ...nodeArgs, script];
  if (nodeArgs.length > 0) return ['node', ...nodeArgs, script];
  return script;
}

function envOf(
  values: Pm2Values,
  environments: readonly string[],
  { environment }: Pm2Place,
): Record<string, string> {
  const env = { ...values.variables('env') };
  if (environment !== undefined && environments.includes(environment))
    Object.assign(env, values.variables(`env_${environment}`));
  return env;
}

/** Only what the app was certainly meant to listen on: a PORT in the environment may be somebody else's. */
function portOf(
  values: Pm2Values,
  env: Record<string, string>,
  notes: string[],
): Pick<AppConfig, 'port' | 'portStep'> {
  const step = values.text('increment_var');
  const port =
    values.number('port') ?? (step === 'PORT' && /^\d+$/.test(env.PORT ?? '') ? Number(env.PORT) : undefined);
  if (step !== undefined && (step !== 'PORT' || port === undefined))
    notes.push(`increment_var: only PORT can count up; ${step} is the same for all instances`);
  if (port === undefined) return {};
  delete env.PORT;
  return step === 'PORT' ? { port, portStep: 1 } : { port };
}

function instancesOf(values: Pm2Values, { parallelism }: Pm2Place): AppConfig['instances'] {
  const instances = values.instances();
  if (typeof instances !== 'number' || instances > 0) return instances;
  return Math.max(1, parallelism + instances);
}

function namespaceOf(values: Pm2Values): string | undefined {
  const namespace = values.text('namespace');
  return namespace === undefined || namespace === 'default' ? undefined : pm2Name(namespace);
}

function stopOf(values: Pm2Values): StopConfig {
  return {
    signal: (values.text('kill_signal') ?? 'SIGINT') as NonNullable<StopConfig['signal']>,
    timeout: durationOf(values.ms('kill_timeout') ?? 1600),
    message: values.flag('shutdown_with_message') ? true : undefined,
    ends: values.flag('treekill') === false ? 'process' : undefined,
  };
}

/** PM2: this many exits before `min_uptime`, without a limit in time. Here it is a rate that just contains them. */
function restartOf(values: Pm2Values, isJob: boolean): RestartConfig | undefined {
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
function cronOf(values: Pm2Values): string | undefined {
  const cron = values.text('cron_restart');
  return cron === '0' || cron === '' ? undefined : cron;
}

function watchOf(values: Pm2Values, notes: string[]): AppConfig['watch'] {
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

function sizeOf(values: Pm2Values): AppConfig['memory'] {
  const soft = values.size('max_memory_restart');
  return soft === undefined ? undefined : { soft };
}

function filesOf(
  name: string,
  values: Pm2Values,
  place: Pm2Place,
): NonNullable<LogConfig['files']> | undefined {
  if (values.flag('disable_logs')) return undefined;
  const { home } = place;
  const at = (file: string) => (home === null ? undefined : join(home, 'logs', file));
  const given = (field: string, fallback: string | undefined) => {
    const path = homed(values.text(field), place);
    return path === undefined ? fallback : isNowhere(path) ? undefined : path;
  };
  // `log_file: true` is PM2's way to say "at the usual place".
  const all =
    values.raw('log_file') === true
      ? at(`${name}.log`)
      : values.raw('log_file') === false
        ? undefined
        : given('log_file', undefined);
  const out = given('out_file', at(`${name}-out.log`));
  const err = given('error_file', at(`${name}-error.log`));
  if (all === undefined && out === undefined && err === undefined) return undefined;
  const together = out !== undefined && out === err && all === undefined;
  const style = values.text('log_type') === 'json' ? 'json' : undefined;
  return {
    ...(together ? { all: out } : { all, out, err }),
    merge: values.flag('merge_logs') ?? (pm2IsCluster(values) ? undefined : true),
    time: values.text('log_date_format') ?? (values.flag('time') ? 'YYYY-MM-DDTHH:mm:ss' : undefined),
    style,
  };
}

function isNowhere(path: string): boolean {
  return path === '/dev/null' || path.toUpperCase() === 'NULL' || path.toUpperCase().endsWith('\\NUL');
}

function filterOf(values: Pm2Values): ImportedApp['filterEnv'] {
  const filter = values.raw('filter_env');
  if (filter === true || filter === 'true') return true;
  return filter === undefined || filter === false ? [] : (values.list('filter_env') ?? []);
}

function homed(path: string | undefined, { userHome }: Pm2Place): string | undefined {
  return path?.replace(/^~(?=\/|$)/, userHome);
}

/** As people write it: the largest unit that leaves a whole number. */
function durationOf(ms: number): string;
function durationOf(ms: number | undefined): string | undefined;
function durationOf(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  for (const [unit, size] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const)
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}

function withoutUndefined<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutUndefined(inner)])) as T;
}
