/** What a deploy on this machine needs to know of it, and whom it tells. */
import { hostname, userInfo } from 'node:os';
import { systemClock } from '../../kit/clock.ts';
import { thisMachine } from '../../launch/machine.ts';
import type { ReleaseRecord } from '../../protocol/release.ts';
import type { DeployOptions } from '../../release/deploy.ts';
import { createPackageTools } from '../../release/packages/tools.ts';
import { releasePaths } from '../../release/paths.ts';
import { createFileStore } from '../../release/store/file-store.ts';
import type { Context } from '../context.ts';
import type { DeployProgress } from './progress.ts';

export type DeploySurroundings = Omit<
  DeployOptions,
  'source' | 'config' | 'allowNew' | 'offline' | 'migrates' | 'again'
>;

/** Whoever types it here, or in an ssh session, or presses a button of the dashboard: `ann (dashboard) from 10.0.0.7`. */
export function byHere({ SSH_CONNECTION = '', HOLDFAST_BY }: NodeJS.ProcessEnv): ReleaseRecord['by'] {
  if (HOLDFAST_BY) {
    const [, asker = HOLDFAST_BY, address] = /^(.*?)(?: from (\S+))?$/.exec(HOLDFAST_BY) ?? [];
    const user = asker.replace(`@${hostname()}`, '');
    return { user, host: hostname(), via: 'local', ...(address && { from: address }) };
  }
  const [from = ''] = SSH_CONNECTION.split(' ');
  const who = { user: userInfo().username, host: hostname(), via: 'local' } as const;
  return from === '' ? who : { ...who, from };
}

export function deploySurroundings(
  context: Context,
  project: string,
  progress: DeployProgress,
  by: ReleaseRecord['by'] = byHere(context.env),
): DeploySurroundings {
  const paths = releasePaths(context.home, project);
  return {
    paths,
    project,
    by,
    shellEnv: context.env,
    machine: thisMachine(),
    clock: systemClock,
    store: createFileStore(paths.store),
    tools: createPackageTools({ env: context.env }),
    signal: context.signal,
    connect: () => context.connect(),
    onBegin: (record) => progress.begin(record),
    onStep: (step) => progress.step(step),
    onLine: (line) => progress.say(line),
    onNote: (note) => progress.note(note),
    onEvent: (event) => progress.event(event),
  };
}
