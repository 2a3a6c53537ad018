/** Connections to all hosts of a target: either all are there, and locked, or none is. */
import { hostname, userInfo } from 'node:os';
import { asHoldfastError, HoldfastError } from '../../errors.ts';
import type { ReleaseRecord } from '../../protocol/release.ts';
import { HostSession } from '../../release/remote/host-session.ts';
import { openSsh } from '../../release/ssh/ssh.ts';
import type { Context } from '../context.ts';
import { readVersion } from '../version.ts';
import type { HostsProgress } from './hosts-progress.ts';
import { holdfastThere, type NamedTarget } from './hosts-target.ts';

export interface Sessions {
  of(host: string): HostSession;
  /** What each host served when it was locked. */
  readonly serving: ReadonlyMap<string, ReleaseRecord | null>;
  /** Gives up what is under way, also in the middle of it. */
  cut(): void;
  /** In the end, whatever came of it. */
  close(): Promise<void>;
}

export async function openSessions(
  context: Pick<Context, 'env' | 'signal'>,
  { target, hosts, project }: NamedTarget,
  progress: HostsProgress,
): Promise<Sessions> {
  const words = holdfastThere(target, ['receive', '--project', project]);
  const connections = hosts.map((host) =>
    openSsh(host, words, { env: context.env, onSaid: (line) => progress.say(host, line) }),
  );
  const sessions = hosts.map((host, index) => {
    const connection = connections[index];
    if (!connection) throw new Error(`There is no connection to ${host}`);
    return new HostSession({
      host,
      program: target.command,
      version: readVersion(),
      connection,
      onNote: (note) => progress.note(host, note),
      onSent: (files, bytes) => progress.sent(host, files, bytes),
    });
  });
  const cut = () => {
    for (const connection of connections) connection.kill();
  };
  const close = async () => {
    context.signal.removeEventListener('abort', cut);
    await Promise.all(sessions.map((session) => session.close()));
  };
  context.signal.addEventListener('abort', cut, { once: true });
  try {
    requireAll(hosts, await Promise.allSettled(sessions.map((session) => session.greet())));
    const by = { user: userInfo().username, host: hostname(), via: 'ssh' } as const;
    const serving = new Map<string, ReleaseRecord | null>();
    // Always in the same order, so that two that begin at once do not stop each other.
    for (const session of [...sessions].sort((a, b) => (a.host < b.host ? -1 : 1))) {
      serving.set(session.host, (await session.ask({ type: 'lock', by }, 'state')).serving);
    }
    const byHost = new Map(sessions.map((session) => [session.host, session]));
    const of = (host: string) => {
      const session = byHost.get(host);
      if (!session) throw new Error(`There is no connection to ${host}`);
      return session;
    };
    return { of, serving, cut, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The first that failed; of the others, what they said. */
function requireAll(hosts: readonly string[], results: readonly PromiseSettledResult<void>[]): void {
  const failed = hosts.flatMap((host, index) => {
    const result = results[index];
    return result?.status === 'rejected' ? [{ host, error: asHoldfastError(result.reason) }] : [];
  });
  const [first, ...others] = failed;
  if (!first) return;
  const { code, message, hint, details } = first.error;
  const names = failed.map(({ host }) => host).join(' ');
  const couldGo = code === 'HOST_FAILED' && failed.length < hosts.length;
  throw new HoldfastError(code, message, {
    hint: couldGo ? `${hint}. What is down can be left out: \`--without ${names}\`` : hint,
    details: [...details, ...others.map(({ error }) => error.message)],
  });
}
