/** The commands on a host that other machines call. */
import { hostname } from 'node:os';
import type { Context } from '../context.ts';
import { readVersion } from '../version.ts';
import { DeployProgress } from './progress.ts';
import { byHere, deploySurroundings } from './surroundings.ts';

/** Speaks with `hold deploy` on another machine, on stdin and stdout. */
export async function receiveReleases(context: Context, project: string): Promise<void> {
  const { receive } = await import('../../release/remote/receive.ts');
  await receive({
    input: context.stdin,
    output: process.stdout,
    hello: { version: readVersion(), host: hostname() },
    from: byHere(context.env).from,
    signal: context.signal,
    surroundings: (signal) => ({
      ...deploySurroundings(context, project, new DeployProgress(context)),
      signal,
    }),
  });
}
