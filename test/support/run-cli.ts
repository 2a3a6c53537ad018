/** Runs a command inside the test's own process, with outputs that only remember. */
import { EventEmitter } from 'node:events';
import { run } from '../../src/cli/run.ts';

export interface RunOptions {
  /** Both outputs are terminals. */
  readonly tty?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Called with everything that goes to stdout. */
  readonly onOut?: (text: string) => void;
  readonly stdin?: NodeJS.ReadStream;
}

export interface RunResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  json<T>(): T;
}

/** An output that remembers. */
export class FakeOutput extends EventEmitter {
  readonly isTTY: boolean;
  columns: number;
  rows: number;
  text = '';
  onText: ((text: string) => void) | undefined;

  constructor({ tty = false, columns = 100, rows = 30 }: { tty?: boolean; columns?: number; rows?: number }) {
    super();
    this.isTTY = tty;
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): boolean {
    this.text += text;
    this.onText?.(text);
    return true;
  }
}

/** `hold <args> --home <home>` to its end. */
export async function runCli(
  home: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const stdout = new FakeOutput(options);
  const stderr = new FakeOutput(options);
  stdout.onText = options.onOut;
  const code = await run(args, {
    stdin: options.stdin ?? process.stdin,
    takeSignals: () => undefined,
    stdout,
    stderr,
    env: { HOLDFAST_HOME: home, PATH: process.env.PATH, ...options.env },
    cwd: options.cwd ?? '/',
    uid: process.getuid?.(),
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, out: stdout.text, err: stderr.text, json: () => JSON.parse(stdout.text) };
}
