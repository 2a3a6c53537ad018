/** One process as `jlist` prints it: the fields that PM2's users read. Pure, but for the version in package.json. */
import { userInfo } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import type { AppPlan } from '../../config/plan.ts';
import { readPackage } from '../../config/programs.ts';
import { namespaceOf, type Pm2Status } from './processes.ts';
import type { Shown } from './shown.ts';

export interface Pm2Record {
  /** 0 when it does not run. */
  readonly pid: number;
  readonly name: string;
  readonly pm2_env: Pm2Env;
  readonly pm_id: number;
  readonly monit: { readonly memory: number; readonly cpu: number };
}

export interface Pm2Env {
  readonly name: string;
  readonly namespace: string;
  readonly pm_id: number;
  readonly status: Pm2Status;
  readonly restart_time: number;
  readonly unstable_restarts: number;
  /** ms since the epoch */
  readonly pm_uptime: number;
  readonly created_at: number;
  readonly exec_mode: 'fork_mode' | 'cluster_mode';
  readonly exec_interpreter: string;
  readonly instances: number;
  readonly pm_exec_path: string;
  readonly pm_cwd: string;
  readonly pm_out_log_path: string;
  readonly pm_err_log_path: string;
  readonly pm_log_path?: string;
  readonly pm_pid_path: string;
  readonly args: readonly string[];
  readonly node_args: readonly string[];
  readonly node_version: string;
  readonly version: string;
  readonly watch: boolean;
  readonly autorestart: boolean;
  readonly autostart: boolean;
  readonly merge_logs: boolean;
  readonly kill_timeout: number;
  readonly wait_ready: boolean;
  readonly treekill: boolean;
  readonly vizion: false;
  readonly max_memory_restart?: number;
  readonly cron_restart?: string;
  readonly username: string;
  /** Of the app alone, without the shell's; what looks secret is masked. */
  readonly env: Readonly<Record<string, string>>;
}

/** As PM2 calls it: several instances of a Node program, which share their ports. */
export function isCluster({ command, instances }: AppPlan): boolean {
  return command.node && instances > 1;
}

export function recordOf(one: Shown): Pm2Record {
  const { id, app, slot, instance, status, detail, starts } = one;
  const { plan } = detail;
  const { files } = plan.log;
  const several = plan.instances > 1;
  const log = (path: string | null) =>
    path === null ? '' : several && !files.merge ? withSlot(path, slot) : path;
  const since = instance?.startedAt ?? starts.firstStart;
  const uptime = since === undefined ? 0 : Date.parse(since);
  const env: Pm2Env = {
    name: app.name,
    namespace: namespaceOf(app),
    pm_id: id,
    status,
    restart_time: starts.restarts,
    unstable_restarts: instance?.restarts ?? 0,
    pm_uptime: uptime,
    created_at: starts.firstStart === undefined ? uptime : Date.parse(starts.firstStart),
    exec_mode: isCluster(plan) ? 'cluster_mode' : 'fork_mode',
    exec_interpreter: plan.command.node ? 'node' : 'none',
    instances: plan.instances,
    pm_exec_path: plan.command.file,
    pm_cwd: plan.cwd,
    pm_out_log_path: log(files.out ?? files.all),
    pm_err_log_path: log(files.err ?? files.all),
    ...(files.all === null ? {} : { pm_log_path: log(files.all) }),
    pm_pid_path: plan.pidFile === null ? '' : several ? withSlot(plan.pidFile, slot) : plan.pidFile,
    args: plan.command.args,
    node_args: plan.command.nodeArgs,
    node_version: process.versions.node,
    version: versionOf(plan.cwd),
    watch: plan.watch !== null,
    autorestart: plan.restart.when !== 'never',
    autostart: plan.autostart,
    merge_logs: files.merge,
    kill_timeout: plan.stop.timeoutMs,
    wait_ready: plan.ready.by === 'message',
    treekill: plan.stop.ends === 'tree',
    vizion: false,
    ...(plan.memory.softBytes === null ? {} : { max_memory_restart: plan.memory.softBytes }),
    ...(plan.restart.at === null ? {} : { cron_restart: plan.restart.at.expression }),
    username: plan.rights.user ?? userInfo().username,
    env: plan.env,
  };
  return {
    pid: instance?.pid ?? 0,
    name: app.name,
    pm2_env: env,
    pm_id: id,
    monit: { memory: instance?.memoryBytes ?? 0, cpu: Math.round((instance?.cpu ?? 0) * 100) },
  };
}

/** Of the app's package. */
export function versionOf(cwd: string): string {
  const version = readPackage(cwd)?.version;
  return typeof version === 'string' ? version : 'N/A';
}

/** `web-out.log` -> `web-out-1.log` */
export function withSlot(path: string, slot: number): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}-${slot}${extension}`);
}
