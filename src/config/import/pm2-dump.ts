/** The list that `pm2 save` leaves in `dump.pm2`: one entry for each process, with everything that PM2 knew of it. Pure. */
import { baseEnvForStart } from '../base-env.ts';

type Entry = Readonly<Record<string, unknown>>;

/** PM2's inner name -> the setting. */
const renamed: Readonly<Record<string, string>> = {
  pm_exec_path: 'script',
  pm_cwd: 'cwd',
  exec_interpreter: 'interpreter',
  pm_out_log_path: 'out_file',
  pm_err_log_path: 'error_file',
  pm_log_path: 'log_file',
};

const kept = [
  ...[
    'name',
    'namespace',
    'args',
    'node_args',
    'exec_mode',
    'env',
    'merge_logs',
    'log_date_format',
    'log_type',
  ],
  ...[
    'max_memory_restart',
    'restart_delay',
    'exp_backoff_restart_delay',
    'wait_ready',
    'kill_timeout',
    'watch',
  ],
  ...[
    'shutdown_with_message',
    'listen_timeout',
    'cron_restart',
    'autorestart',
    'stop_exit_codes',
    'ignore_watch',
  ],
  ...['watch_delay', 'min_uptime', 'max_restarts', 'increment_var', 'instance_var', 'treekill', 'uid', 'gid'],
];

/** PM2's own; an app has no use for them. */
const notForApps = /^(PM2_|pm_|axm_|NODE_APP_INSTANCE$|unique_id$)/;

/** One app for all processes of a name, as an ecosystem file would say it. One that was stopped is added, not started. */
export function readDump(entries: readonly Entry[]): Entry[] {
  const apps = new Map<string, Entry[]>();
  for (const entry of entries) apps.set(String(entry.name), [...(apps.get(String(entry.name)) ?? []), entry]);
  return [...apps.values()].flatMap((own) => {
    const [first] = own;
    return first ? [appOf(first, own)] : [];
  });
}

function appOf(first: Entry, own: readonly Entry[]): Entry {
  const app: Record<string, unknown> = {};
  for (const key of kept) if (first[key] !== undefined && first[key] !== null) app[key] = first[key];
  for (const [inner, setting] of Object.entries(renamed)) if (first[inner]) app[setting] = first[inner];
  // Each process of a cluster has a file of its own there; here the number comes to the name by itself.
  if (own.length > 1 || String(first.exec_mode).startsWith('cluster')) {
    for (const file of ['out_file', 'error_file'])
      if (typeof app[file] === 'string') app[file] = app[file].replace(/-\d+(\.\w+)$/, '$1');
  }
  return {
    ...app,
    env: variablesOf(first.env, String(first.name)),
    instances: own.length,
    autostart: first.status !== 'stopped',
  };
}

/** PM2 mixes the shell's variables, the app's and its own; its own are objects, or named after the app. */
function variablesOf(env: unknown, name: string): Record<string, string> {
  if (typeof env !== 'object' || env === null) return {};
  const pairs = Object.entries(env).flatMap(([key, value]: [string, unknown]) => {
    const isOwn = notForApps.test(key) || key === name || typeof value === 'object';
    return isOwn ? [] : [[key, String(value)] as const];
  });
  return baseEnvForStart(Object.fromEntries(pairs));
}
