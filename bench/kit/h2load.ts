import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { LoadResult } from './wrk.ts';

const run = promisify(execFile);

/** Loads a URL with h2load: 16 connections with 8 streams each. It tells no percentiles. */
export async function h2load(url: string, seconds: number): Promise<LoadResult> {
  const args = ['-t1', '-c16', '-m8', `-D${seconds}`, '--warm-up-time=0', url];
  const { stdout } = await run('h2load', args);
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? 0);
  const requests = number(/requests: (\d+) total/);
  if (!stdout.includes('Application protocol: h2')) throw new Error(`${url} does not speak HTTP/2`);
  return {
    requests,
    perSecond: number(/, ([\d.]+) req\/s/),
    p99Ms: Number.NaN,
    // Answers may come after the last count of requests.
    errors: Math.max(0, requests - number(/status codes: (\d+) 2xx/)),
  };
}
