/** Runs the built command as a user would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { holdfastBin } from './root.ts';

export interface HoldOptions {
  /** The Node that runs the command, and with it the daemon. */
  readonly node?: string;
  /** The command of another installation than the built one. */
  readonly bin?: string;
  readonly cwd?: string;
  /** Added to the environment; undefined removes. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Milliseconds after which the command is killed. */
  readonly timeout?: number;
}

export interface HoldResult {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--json` printed. */
  json<T>(): T;
}

/** The command in the background, for what follows (`logs -f`, `events -f`). */
export function spawnHold(home: string, args: readonly string[], options: HoldOptions = {}): ChildProcess {
  const env = { ...plainEnv(), HOLDFAST_HOME: home, ...options.env };
  return spawn(options.node ?? process.execPath, [options.bin ?? holdfastBin, ...args], {
    cwd: options.cwd,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Runs `hold <args>` in a home to its end, whatever its exit code. */
export async function hold(
  home: string,
  args: readonly string[],
  options: HoldOptions = {},
): Promise<HoldResult> {
  const child = spawnHold(home, args, options);
  const timeout = options.timeout ?? 60_000;
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, timeout);
  child.stdin?.on('error', () => {}); // It may end without reading its input.
  child.stdin?.end(options.input ?? '');
  const [stdout, stderr, { code, signal }] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended(child),
  ]).finally(() => clearTimeout(timer));
  const said = `\n${stdout}${stderr}`;
  if (timedOut) throw new Error(`\`hold ${args.join(' ')}\` did not end within ${timeout / 1000} s${said}`);
  return {
    code,
    signal,
    stdout,
    stderr,
    json<T>() {
      try {
        return JSON.parse(stdout) as T;
      } catch (cause) {
        throw new Error(`\`hold ${args.join(' ')}\` did not print JSON${said}`, { cause });
      }
    },
  };
}

/** Runs `hold <args>`; an exit code other than 0 is an error that shows what it said. */
export async function holdOk(
  home: string,
  args: readonly string[],
  options: HoldOptions = {},
): Promise<HoldResult> {
  const result = await hold(home, args, options);
  if (result.code === 0) return result;
  const { code, signal, stdout, stderr } = result;
  throw new Error(`\`hold ${args.join(' ')}\` ended with ${code ?? signal}\n${stdout}${stderr}`);
}

/** The environment of a user's shell: nothing of the test runner, no colours. */
export function plainEnv(): Record<string, string | undefined> {
  const { NODE_TEST_CONTEXT, NODE_OPTIONS, FORCE_COLOR, NODE_V8_COVERAGE, NODE_CHANNEL_FD, ...env } =
    process.env;
  return env;
}

function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  return new Promise((resolve, reject) => {
    let all = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      all += chunk;
    });
    stream?.on('end', () => resolve(all));
    stream?.on('error', reject);
  });
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}
