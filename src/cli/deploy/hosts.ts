/** `hold deploy production`: one release for several hosts. Either all of them serve it in the end, or it says which do not, and why. */
import { dirname } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { drive } from '../../release/remote/drive.ts';
import type { MakeRequest } from '../../release/remote/messages.ts';
import { type Rollout, startRollout } from '../../release/remote/rollout.ts';
import type { Source } from '../../release/seams.ts';
import type { DeployCommandOptions } from '../commands/deploy.ts';
import type { Context } from '../context.ts';
import { HostChanges, type HostChangesOptions } from './hosts-change.ts';
import { HostsProgress } from './hosts-progress.ts';
import { openSessions } from './hosts-sessions.ts';
import { type NamedTarget, targetNamed } from './hosts-target.ts';
import { sourceOf } from './source.ts';

export async function deployToHosts(
  context: Context,
  name: string,
  options: DeployCommandOptions,
): Promise<void> {
  const named = await targetNamed(context, name, options);
  const { source, config } = await sourceOf(context, options);
  try {
    const progress = new HostsProgress(context, named.hosts);
    progress.begin(named.project, name, source);
    const rollout = startRollout(named.hosts, { batch: named.target.batch, migrates: options.migrate });
    const what = { source, request: requestFor(source, config, options) };
    await changeHosts(context, named, { progress, rollout, what: async () => what });
    if (options.without && !context.json)
      context.err.line(
        `left as it is: ${options.without.join(', ')}. \`hold deploy ${name}\` brings it to this release`,
      );
  } finally {
    await source.close();
  }
}

function requestFor(
  { record, tree, notes }: Source,
  config: string | null,
  { allowNew, offline = false, again = false }: DeployCommandOptions,
): MakeRequest {
  return { type: 'make', source: record, entries: tree.entries, notes, config, allowNew, offline, again };
}

export interface HostsChange {
  readonly progress: HostsProgress;
  readonly rollout: Rollout;
  /** Asked when all hosts are locked. */
  readonly what: (sessions: HostChangesOptions['sessions']) => Promise<HostChangesOptions['what']>;
}

/** Locks all hosts, changes them as the rollout says, and tells how it ended. */
export async function changeHosts(
  context: Context,
  named: NamedTarget,
  { progress, rollout, what }: HostsChange,
): Promise<void> {
  const { env, signal, json, out } = context;
  const { target, project, file } = named;
  // Connections are ended in order: then hosts know that nobody waits any more.
  const interrupted = new AbortController();
  context.takeSignals(() => interrupted.abort());
  signal.addEventListener('abort', () => interrupted.abort());
  const sessions = await openSessions({ env, signal: interrupted.signal }, named, progress)
    .catch((error) => {
      throw interrupted.signal.aborted ? givenUp(rollout, []) : error;
    })
    .finally(() => progress.end());
  const changes = new HostChanges({
    sessions,
    progress,
    target,
    cwd: dirname(file),
    env,
    signal: interrupted.signal,
    what: await what(sessions).catch(async (error) => {
      await sessions.close();
      throw error;
    }),
  });
  const end = await drive(rollout, (action) => changes.act(action), interrupted.signal).finally(() =>
    sessions.close(),
  );
  progress.end();
  if (interrupted.signal.aborted) throw givenUp(end, changes.left);
  if (changes.error) {
    const { code, message, details, hint } = changes.error;
    throw new HoldfastError(code, message, { details, hint: stateOf(end, changes.left, hint) });
  }
  const hosts = end.hosts.map(({ name: host, phase }) => {
    return { host, phase, release: changes.serving.get(host) ?? sessions.serving.get(host)?.id ?? null };
  });
  if (json) return out.json({ project, target: target.name, hosts });
  if (hosts.every(({ phase }) => phase === 'same'))
    return context.err.line(
      'nothing to do: this very content serves everywhere (`--again` deploys it again)',
    );
  const { green } = out.style;
  out.line(`${green('✔')} ${project} serves on ${end.hosts.map(({ name: host }) => host).join(', ')}`);
}

/** What serves where, after a failure. */
function stateOf({ hosts }: Rollout, left: readonly string[], hint: string): string {
  const fresh = hosts.filter(({ phase }) => phase === 'serving').map(({ name }) => name);
  const back = hosts.filter(({ phase }) => phase === 'back').map(({ name }) => name);
  const told = [
    ...(back.length > 0 ? [`Went back to the release before: ${back.join(', ')}`] : []),
    ...(left.length > 0 ? [goesOn(left)] : []),
    ...(fresh.length > 0 ? [`Serves the new release all the same: ${fresh.join(', ')}`] : []),
  ];
  if (told.length === 0) return hosts.length > 1 ? `No host was changed. ${hint}` : hint;
  return `${told.join('. ')}. ${hint}`;
}

function givenUp({ hosts }: Rollout, left: readonly string[]): HoldfastError {
  const serving = hosts.filter(({ phase }) => phase === 'serving').map(({ name }) => name);
  const told = [
    ...(serving.length > 0 ? [`Serves the new release: ${serving.join(', ')}`] : []),
    ...(left.length > 0 ? [goesOn(left)] : []),
  ];
  return new HoldfastError('STEP_FAILED', 'The deploy was given up', {
    hint: told.length === 0 ? 'Nothing was changed' : `${told.join('. ')}. See \`hold releases --target\``,
  });
}

function goesOn(left: readonly string[]): string {
  return `Goes on with the new release by itself, or stays with the one before: ${left.join(', ')}`;
}
