/** The settings of an app in PM2's files and options, by their many names. Nothing unknown is dropped in silence. */
import { didYouMean } from '../suggest.ts';
import { Pm2Values } from './pm2-values.ts';

export interface Pm2App {
  readonly values: Pm2Values;
  /** By the name after `env_`. */
  readonly environments: readonly string[];
  /** What has no effect, and why; each a sentence without the name of the app. */
  readonly notes: readonly string[];
}

/** PM2's main name -> its other names. camelCase is understood for all of them. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  script: ['exec'],
  interpreter: ['exec_interpreter'],
  node_args: ['interpreter_args'],
  out_file: ['out', 'output', 'out_log'],
  error_file: ['error', 'err', 'err_file', 'err_log'],
  log_file: ['log'],
  pid_file: ['pid'],
  cron_restart: ['cron'],
  merge_logs: ['combine_logs'],
  uid: ['user'],
};

const understood = new Set([
  ...Object.keys(aliases),
  ...[
    'name',
    'name_prefix',
    'namespace',
    'cwd',
    'args',
    'disable_logs',
    'log_type',
    'log_date_format',
    'time',
  ],
  ...['env', 'filter_env', 'max_memory_restart', 'restart_delay', 'exp_backoff_restart_delay', 'wait_ready'],
  ...[
    'source_map_support',
    'instances',
    'kill_timeout',
    'shutdown_with_message',
    'listen_timeout',
    'autostart',
  ],
  ...[
    'autorestart',
    'stop_exit_codes',
    'watch',
    'watch_delay',
    'ignore_watch',
    'watch_options',
    'min_uptime',
  ],
  ...['max_restarts', 'exec_mode', 'append_env_to_name', 'increment_var', 'instance_var', 'treekill', 'port'],
  ...['gid', 'ext', 'kill_signal'],
]);

/** What Holdfast has no use for -> why; empty: it goes without saying. */
const needless: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['vizion', 'pmx', 'automation', 'force', 'windowsHide', 'windows_hide', 'username', 'write'].map(
      (name) => [name, ''],
    ),
  ),
  disable_source_map_support: '',
  disable_trace: '',
  execute_command: '',
  kill_retry_time: '',
  trace: 'Holdfast puts no tracing into apps',
  v8: 'Holdfast puts no monitoring into apps',
  event_loop_inspector: '`hold show` tells the delay of the event loop anyway',
  deep_monitoring: 'Holdfast puts no monitoring into apps',
  io: "it is for PM2's own monitoring",
  install_url: 'run what installs the app before it is started',
  post_update: "it is for PM2's own deployment",
};

/** One app of a file, or the options of a command line, as it was written. */
export function readPm2App(written: Readonly<Record<string, unknown>>): Pm2App {
  const values = new Map<string, unknown>();
  const notes: string[] = [];
  const environments: string[] = [];
  for (const [key, value] of Object.entries(written)) {
    if (/^env_\S/.test(key)) {
      environments.push(key.slice('env_'.length));
      values.set(key, value);
      continue;
    }
    const name = mainName(key);
    if (understood.has(name)) values.set(name, value);
    else notes.push(...noteFor(key, name, value));
  }
  return { values: new Pm2Values(values), environments, notes };
}

function noteFor(key: string, name: string, value: unknown): string[] {
  const why = needless[name];
  if (why === undefined)
    return [`${key} has no effect, since PM2 has no such setting${didYouMean(name, understood)}`];
  return why === '' || value === false ? [] : [`${key} has no effect: ${why}`];
}

function mainName(key: string): string {
  const plain = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.entries(aliases).find(([, others]) => others.includes(plain))?.[0] ?? plain;
}
