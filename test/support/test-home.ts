/** A Holdfast home of one test, with everything that runs in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../src/client/client.ts';
import { connectNow } from '../../src/client/connect.ts';
import type { AppDetail, AppView, InstanceView } from '../../src/protocol/api.ts';
import { type HomePaths, homePaths } from '../../src/protocol/home.ts';
import { cleanup, type Test } from './cleanup.ts';
import { type HoldOptions, type HoldResult, hold, holdOk, plainEnv, spawnHold } from './hold.ts';
import { processesWith } from './processes.ts';
import { runCli } from './run-cli.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

export interface TestHomeOptions extends HoldOptions {
  /** Where the home is made, such as a small disk; otherwise a temporary directory. */
  readonly parent?: string;
}

export interface TestHome {
  readonly paths: HomePaths;
  /** A scratch directory beside the home, for config files and apps of the test. It is the commands' working directory. */
  readonly dir: string;
  /** Runs `hold <args>` in this home; an exit code other than 0 is an error. */
  ok(args: readonly string[], options?: HoldOptions): Promise<HoldResult>;
  /** Runs `hold <args>` in this home, whatever comes of it. */
  run(args: readonly string[], options?: HoldOptions): Promise<HoldResult>;
  /**
   * What `hold <args>` prints, for a command that only looks. The code of the command runs in the test's own process, so that it
   * may be asked often; only when there is no daemon it is the command itself.
   */
  look(args: readonly string[], options?: HoldOptions): Promise<string>;
  /** Starts `hold <args>` and leaves it running until the test is over. */
  background(args: readonly string[], options?: HoldOptions): Background;
  /** `hold ls --json`. */
  apps(): Promise<AppView[]>;
  /** `hold show <app> --json`. */
  show(app: string): Promise<AppDetail>;
  /** Waits until all instances of an app are ready, `count` of them if given. */
  ready(app: string, count?: number): Promise<InstanceView[]>;
  /** From here on its commands are those of another installation. */
  use(bin: string): void;
  /** Pid of the running daemon, from its pid file. */
  daemonPid(): number;
}

export interface Background {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  lines(): string[];
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Makes a home. When the test is over everything in it is taken down; a process that is left then is killed and
 * fails the test.
 */
export function testHome(t: Test, options: TestHomeOptions = {}): TestHome {
  const dir = options.parent ?? tempDir(t);
  const paths = homePaths(join(dir, 'home'));
  const { parent, ...given } = options;
  let defaults = given;
  const merged = (more: HoldOptions = {}): HoldOptions => {
    return { cwd: dir, ...defaults, ...more, env: { ...defaults.env, ...more.env } };
  };
  cleanup(t, () => takeDown(paths, merged()));

  const home: TestHome = {
    paths,
    dir,
    ok: (args, more) => explained(paths, holdOk(paths.home, args, merged(more))),
    run: (args, more) => explained(paths, hold(paths.home, args, merged(more))),
    async look(args, more) {
      const { cwd = dir, env } = merged(more);
      const printed = await asked(paths, () =>
        runCli(paths.home, args, { cwd, env: { ...plainEnv(), ...env } }),
      );
      if (printed?.code === 0) return printed.out;
      return (await home.ok(args, more)).stdout;
    },
    background(args, more) {
      const child = background(spawnHold(paths.home, args, merged(more)));
      cleanup(t, () => child.stop('SIGKILL'));
      return child;
    },
    apps: async () =>
      (await asked(paths, (client) => client.apps())) ?? (await home.ok(['ls', '--json'])).json<AppView[]>(),
    show: async (app) =>
      (await asked(paths, (client) => client.app(app))) ??
      (await home.ok(['show', app, '--json'])).json<AppDetail>(),
    ready: (app, count) =>
      until(
        async () => {
          const { instances = [], wanted } = (await home.apps()).find(({ name }) => name === app) ?? {};
          const ready = instances.filter(({ status }) => status === 'ready');
          return ready.length === (count ?? wanted) && instances.length === ready.length && ready;
        },
        { why: `${count ?? 'all'} instances of ${app} are ready`, deadline: 60_000, every: 100 },
      ),
    use(bin) {
      defaults = { ...defaults, bin };
    },
    daemonPid: () => JSON.parse(readFileSync(paths.daemonPid, 'utf8')).pid,
  };
  return home;
}

/** What the daemon answers, without the time that a command takes to begin; undefined when it is away, or has no answer. */
async function asked<T>(
  { home }: HomePaths,
  question: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  const client = await connectNow(home).catch(() => null);
  if (!client) return undefined;
  try {
    return await question(client);
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}

/** Runs any program (not the holdfast command) until the test is over. */
export function startProgram(
  t: Test,
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string | undefined> } = {},
): Background {
  const env = { ...plainEnv(), ...options.env };
  const program = background(
    spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
      ...(options.cwd && { cwd: options.cwd }),
    }),
  );
  cleanup(t, () => program.stop('SIGKILL'));
  return program;
}

function background(child: ChildProcess): Background {
  const said = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    said.stdout += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said.stderr += chunk;
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    child,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    lines: () => said.stdout.split('\n').slice(0, -1),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await exited;
      // Its output is complete at `close`, which may never come when a grandchild holds the pipe.
      await Promise.race([closed, sleep(500, undefined, { ref: false })]);
      return child.exitCode;
    },
  };
}

async function takeDown(paths: HomePaths, options: HoldOptions): Promise<void> {
  const problems: string[] = [];
  if (existsSync(paths.run) && !(await isTakenDown(paths, options))) {
    const { code, stderr } = await hold(paths.home, ['down'], { ...options, timeout: 60_000 }).catch(
      (error) => ({
        code: -1,
        stderr: String(error),
      }),
    );
    if (code !== 0) problems.push(`\`hold down\` ended with ${code}: ${stderr}`);
  }
  const left = await until(() => processesWith(paths.home).length === 0, {
    why: 'all is down',
    deadline: 5000,
  })
    .then(() => [])
    .catch(() => processesWith(paths.home));
  for (const { pid, command } of left) {
    problems.push(`Left running in ${paths.home}: pid ${pid}: ${command}`);
    process.kill(pid, 'SIGKILL');
  }
  if (problems.length > 0) throw new Error(`${problems.join('\n')}\n${daemonLog(paths)}`);
}

/** `hold down` by the code of the command, in this process, which is faster; false when that is not enough. */
async function isTakenDown(paths: HomePaths, { bin, node, cwd, env }: HoldOptions): Promise<boolean> {
  if (bin !== undefined || node !== undefined) return false;
  const around = { ...(cwd !== undefined && { cwd }), env: { ...plainEnv(), ...env } };
  const signal = AbortSignal.timeout(30_000);
  const done = await asked(paths, () => runCli(paths.home, ['down'], { ...around, signal }));
  return done?.code === 0;
}

/** A failed command is easier to understand with what the daemon said. */
async function explained(paths: HomePaths, result: Promise<HoldResult>): Promise<HoldResult> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof Error) error.message += `\n${daemonLog(paths)}`;
    throw error;
  }
}

function daemonLog(paths: HomePaths): string {
  if (!existsSync(paths.daemonLog)) return 'There is no daemon.log';
  const lines = readFileSync(paths.daemonLog, 'utf8').trimEnd().split('\n').slice(-15);
  return `The end of daemon.log:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
