/** Completes one app: its settings, its files and its surroundings to an AppPlan. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isSystemError } from '../errors.ts';
import { appDefaults } from './app-defaults.ts';
import { baseEnvForUp } from './base-env.ts';
import { type CommandProblem, findCommand } from './command.ts';
import { parseEnvFile } from './env-file.ts';
import { variableNameProblem } from './names.ts';
import type { AppPlan, Command } from './plan.ts';
import type { Problem } from './problems.ts';
import { isDirectory, isFile } from './programs.ts';
import type { AppSettings } from './schema.ts';
import { show } from './show.ts';
import { reasonOf } from './system-error.ts';

export interface Surroundings {
  /** Absolute; `cwd` of the apps is relative to it. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** What `instances: 'max'` means here. */
  readonly parallelism: number;
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
  const fromFiles = files.flatMap((file) => Object.entries(readEnvFile(resolve(cwd, file), problems)));
  const env = { ...Object.fromEntries(fromFiles), ...settings.env };
  problems.push(...contradictions(settings));
  const command = findCommand(settings.run, { cwd, path: env.PATH ?? around.env.PATH });
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
  const { restart, log } = settings;
  return {
    ...appDefaults,
    name,
    command,
    cwd,
    instances: settings.instances === 'max' ? around.parallelism : settings.instances,
    env,
    baseEnv: baseEnvForUp(around.env, settings.passEnv),
    port: settings.port ?? null,
    guest: settings.guest,
    ready: { by: settings.ready },
    readyTimeoutMs: settings.readyTimeout,
    stop: { ...appDefaults.stop, signal: settings.stop.signal, timeoutMs: settings.stop.timeout },
    drainMs: settings.drain,
    restart: {
      ...appDefaults.restart,
      backoffMinMs: restart.backoff[0],
      backoffMaxMs: restart.backoff[1],
      giveUp: { crashes: restart.giveUpAfter.crashes, withinMs: restart.giveUpAfter.within },
    },
    sticky: settings.sticky,
    hold: { timeoutMs: settings.hold, maxWaiting: settings.holdMax },
    log: {
      ...appDefaults.log,
      rotateBytes: log.rotate.size,
      keep: log.rotate.keep,
      totalBytes: log.total,
      compress: log.rotate.compress,
    },
  };
}

function readEnvFile(file: string, problems: Problem[]): Readonly<Record<string, string>> {
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
    problems.push({ path, text: `${show(file)} cannot be read: ${reasonOf(error.code)}` });
    return {};
  }
}

/** Settings that are right one by one and not together. */
function contradictions({ port, env, log }: AppSettings): Problem[] {
  const problems: Problem[] = [];
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
