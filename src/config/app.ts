/** Completes one app: its settings, its files and its surroundings to an AppPlan. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isSystemError } from '../errors.ts';
import type { AppSettings } from './app-schema.ts';
import { baseEnvForUp } from './base-env.ts';
import { type CommandProblem, findCommand } from './command.ts';
import { parseEnvFile } from './env-file.ts';
import { variableNameProblem } from './name-rules.ts';
import type { AppPlan, Command, LogPlan } from './plan.ts';
import type { Problem } from './problems.ts';
import { isDirectory, isFile } from './programs.ts';
import { show } from './show.ts';
import { reasonOf } from './system-error.ts';

export interface Surroundings {
  /** Absolute; `cwd` of the apps is relative to it. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** What `instances: 'max'` means here. */
  readonly parallelism: number;
  /** Null: it belongs to none. */
  readonly project: string | null;
  readonly release: string | null;
  /** See CommandPlace. */
  readonly unbuilt?: boolean;
}

export interface CompletedApp {
  readonly app: AppPlan | undefined;
  /** Paths are relative to the app. */
  readonly problems: readonly Problem[];
  /** One of the problems is that what it runs is not there. */
  readonly missingScript: boolean;
}

export function completeApp(name: string, settings: AppSettings, around: Surroundings): CompletedApp {
  const cwd = resolve(around.root, settings.cwd);
  if (!isDirectory(cwd)) {
    const text = isFile(cwd)
      ? `must be a directory: ${show(cwd)} is a file`
      : `must be a directory: there is no ${show(cwd)}`;
    return { app: undefined, problems: [{ path: ['cwd'], text }], missingScript: false };
  }
  const problems: Problem[] = [];
  const files = typeof settings.envFile === 'string' ? [settings.envFile] : (settings.envFile ?? []);
  const fromFiles = files.flatMap((file) =>
    Object.entries(readEnvFile(resolve(cwd, file), problems, around.release !== null)),
  );
  // A release is what runs in production; otherwise that is for the file to say.
  const production = around.release === null ? {} : { NODE_ENV: 'production' };
  const env: Record<string, string> = { ...production, ...Object.fromEntries(fromFiles), ...settings.env };
  problems.push(...contradictions(settings));
  const command = findCommand(settings.run, {
    cwd,
    path: env.PATH ?? around.env.PATH,
    unbuilt: around.unbuilt,
  });
  if (isProblem(command)) problems.push({ path: ['run'], text: `cannot be run: ${command.problem}` });
  const missingScript = isProblem(command) && command.code === 'SCRIPT_NOT_FOUND';
  if (isProblem(command) || problems.length > 0) return { app: undefined, problems, missingScript };
  const complete = { ...command, args: [...command.args, ...settings.args] };
  const app = planOf(name, settings, { command: complete, cwd, env, around });
  return { app, problems, missingScript };
}

function isProblem(command: Command | CommandProblem): command is CommandProblem {
  return 'problem' in command;
}

interface Found {
  readonly command: Command;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly around: Surroundings;
}

function planOf(name: string, settings: AppSettings, { command, cwd, env, around }: Found): AppPlan {
  const { stop, restart } = settings;
  const at = (path: string) => resolve(cwd, path);
  return {
    name,
    project: around.project,
    release: around.release,
    apart: false,
    node: settings.node === undefined ? null : { wanted: settings.node, found: null },
    command,
    cwd,
    instances: settings.instances === 'max' ? around.parallelism : settings.instances,
    env,
    baseEnv: baseEnvForUp(around.env, settings.passEnv),
    secrets: Object.fromEntries(Object.entries(settings.secrets).map(([key, file]) => [key, at(file)])),
    namespace: settings.namespace ?? null,
    after: settings.after,
    autostart: settings.autostart,
    port: settings.port ?? null,
    portStep: settings.portStep,
    guest: settings.guest,
    stdin: settings.stdin,
    ready: settings.ready,
    readyTimeoutMs: settings.readyTimeout,
    health: settings.health ?? null,
    watchdogMs: settings.watchdog || null,
    stop: { signal: stop.signal, timeoutMs: stop.timeout, message: stop.message, ends: stop.ends },
    drainMs: settings.drain,
    restart: {
      when: restart.when,
      stopCodes: restart.stopCodes,
      max: restart.max ?? null,
      minUptimeMs: restart.minUptime,
      early: restart.early,
      delayMs: restart.delay,
      backoffMinMs: restart.backoff[0],
      backoffMaxMs: restart.backoff[1],
      giveUp: { crashes: restart.giveUpAfter.crashes, withinMs: restart.giveUpAfter.within },
      at:
        restart.cron === undefined ? null : { expression: restart.cron, timezone: restart.timezone ?? null },
    },
    job: jobOf(settings.cron),
    watch: watchOf(settings.watch, at),
    memory: { softBytes: settings.memory?.soft ?? null, hardBytes: settings.memory?.hard ?? null },
    rights: rightsOf(settings, at),
    pidFile: settings.pidFile === undefined ? null : at(settings.pidFile),
    sticky: settings.sticky,
    upstream: settings.upstream,
    hold: { timeoutMs: settings.hold, maxWaiting: settings.holdMax },
    log: logOf(settings.log, at),
  };
}

type Place = (path: string) => string;

function jobOf(cron: AppSettings['cron']): AppPlan['job'] {
  if (!cron) return null;
  const { at, timezone = null, missed, timeout = null } = cron;
  return { expression: at, timezone, missed, timeoutMs: timeout };
}

function watchOf(watch: AppSettings['watch'], at: Place): AppPlan['watch'] {
  if (!watch) return null;
  const { paths, ignore, extensions, debounce } = watch;
  return {
    paths: paths.map(at),
    ignore,
    extensions: extensions.map((one) => one.replace(/^\./, '')),
    debounceMs: debounce,
  };
}

function rightsOf(settings: AppSettings, at: Place): AppPlan['rights'] {
  const { user = null, group = null, umask = null, nice = null, oomScore = null, permissions } = settings;
  const { ulimits, cpu = null, pids = null } = settings;
  return {
    user,
    group,
    umask,
    nice,
    oomScore,
    ulimits,
    cpu,
    pids,
    permissions: permissions
      ? {
          fsRead: permissions.fs.read.map(at),
          fsWrite: permissions.fs.write.map(at),
          net: permissions.net,
          childProcess: permissions.childProcess,
          worker: permissions.worker,
          addons: permissions.addons,
        }
      : null,
  };
}

function logOf({ rotate, total, format, overflow, files, forward }: AppSettings['log'], at: Place): LogPlan {
  const place = (path: string | undefined) => (path === undefined ? null : at(path));
  return {
    rotateBytes: rotate.size,
    rotateEvery: rotate.every ?? null,
    keep: rotate.keep,
    totalBytes: total,
    compress: rotate.compress,
    format,
    overflow,
    files: {
      all: place(files.all),
      out: place(files.out),
      err: place(files.err),
      append: files.append,
      merge: files.merge,
      time: files.time ?? null,
      style: files.style,
    },
    forward,
  };
}

function readEnvFile(
  file: string,
  problems: Problem[],
  isRelease: boolean,
): Readonly<Record<string, string>> {
  const path = ['envFile'];
  try {
    const { values, problems: bad } = parseEnvFile(readFileSync(file, 'utf8'));
    problems.push(
      ...bad.map(({ line, text }) => ({ path, text: `${show(file)} cannot be used: line ${line} ${text}` })),
    );
    for (const name of Object.keys(values)) {
      const problem = variableNameProblem(name);
      if (problem !== undefined)
        problems.push({ path, text: `${show(file)} cannot be used: ${show(name)}: ${problem}` });
    }
    return values;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // What is not committed, as such files should not be, comes from the directory that releases share.
    const where =
      isRelease && error.code === 'ENOENT'
        ? `: it is not in the release; name it in release.shared, and put it into the shared directory of the project`
        : '';
    problems.push({ path, text: `${show(file)} cannot be read: ${reasonOf(error.code)}${where}` });
    return {};
  }
}

/** Settings that are right one by one and not together. */
function contradictions(settings: AppSettings): Problem[] {
  const { port, env, secrets, log, cron, watchdog, stop, guest, portStep, memory } = settings;
  const problems: Problem[] = [];
  for (const name of Object.keys(secrets)) {
    if (Object.hasOwn(env, name))
      problems.push({ path: ['secrets', name], text: `must be left out of "env" or of "secrets"` });
  }
  if (memory?.soft && memory.hard && memory.soft >= memory.hard) {
    problems.push({
      path: ['memory', 'soft'],
      text: 'must be less than memory.hard, or it never has a chance',
    });
  }
  if (portStep > 0 && port === undefined)
    problems.push({ path: ['portStep'], text: 'needs "port", to which it is added' });
  if (cron && settings.restart.cron !== undefined)
    problems.push({ path: ['restart', 'cron'], text: 'is not for a job, which ends by itself' });
  if (!guest && watchdog)
    problems.push({ path: ['watchdog'], text: 'needs the guest: leave out "guest: false"' });
  if (!guest && stop.message)
    problems.push({ path: ['stop', 'message'], text: 'needs the guest: leave out "guest: false"' });
  if (!guest && settings.ready.by === 'message')
    problems.push({ path: ['ready'], text: 'as a message needs the guest: leave out "guest: false"' });
  if (port !== undefined && env.PORT !== undefined && env.PORT !== String(port)) {
    problems.push({
      path: ['env', 'PORT'],
      text: `must be left out or be the same as port, ${port}: got ${show(env.PORT)}`,
    });
  }
  if (log.total < log.rotate.size) {
    problems.push({ path: ['log', 'total'], text: 'must be at least as much as log.rotate.size' });
  }
  return problems;
}
