import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** NaN when the load generator does not tell. */
  readonly p99Ms: number;
  /** Socket errors and answers that are not 2xx or 3xx. */
  readonly errors: number;
}

export interface WrkResult extends LoadResult {
  readonly p50Ms: number;
  /** Answers that are not 2xx or 3xx, without socket errors: to wrk it is one, too, when a server closes without a word. */
  readonly badAnswers: number;
}

const run = promisify(execFile);

/** Loads a URL with wrk: one thread, keep-alive connections. @param script path of a Lua script that makes the requests */
export async function wrk(
  url: string,
  seconds: number,
  connections = 64,
  fields: readonly string[] = [],
  script?: string,
): Promise<WrkResult> {
  const headers = fields.flatMap((field) => ['-H', field]);
  const scripts = script === undefined ? [] : ['-s', script];
  const args = [...scripts, '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...headers, url];
  const { stdout } = await run('wrk', args);
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? 0);
  const socketErrors = [...(/Socket errors: (.*)/.exec(stdout)?.[1] ?? '').matchAll(/\d+/g)];
  const badAnswers = number(/Non-2xx or 3xx responses: (\d+)/);
  return {
    badAnswers,
    requests: number(/(\d+) requests in/),
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: milliseconds(/50%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
    p99Ms: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
    errors: socketErrors.reduce((sum, [count]) => sum + Number(count), 0) + badAnswers,
  };
}

function milliseconds(match: RegExpExecArray | null): number {
  const factors: Record<string, number> = { us: 0.001, ms: 1, s: 1000 };
  return Number(match?.[1]) * (factors[match?.[2] ?? ''] ?? Number.NaN);
}
