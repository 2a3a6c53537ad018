/** `hold rollback --target production`: the same earlier release on all hosts. */
import { commonRelease } from '../../release/remote/common-release.ts';
import { startRollout } from '../../release/remote/rollout.ts';
import type { Context } from '../context.ts';
import { changeHosts } from './hosts.ts';
import { HostsProgress } from './hosts-progress.ts';
import type { Sessions } from './hosts-sessions.ts';
import { type TargetOptions, targetNamed } from './hosts-target.ts';

export async function rollbackHosts(
  context: Context,
  name: string,
  typed: string | undefined,
  options: TargetOptions,
): Promise<void> {
  const named = await targetNamed(context, name, options);
  const { hosts, target } = named;
  const progress = new HostsProgress(context, hosts);
  const rollout = startRollout(hosts, { batch: target.batch, migrates: false, phase: 'made' });
  const what = async (sessions: Sessions) => {
    const request = { type: 'find', release: typed ?? null } as const;
    const all = hosts.map(async (host) => {
      const { records } = await sessions.of(host).ask(request, 'found');
      return { host, serving: sessions.serving.get(host) ?? null, found: records };
    });
    return { releases: commonRelease(await Promise.all(all)) };
  };
  await changeHosts(context, named, { progress, rollout, what });
}
