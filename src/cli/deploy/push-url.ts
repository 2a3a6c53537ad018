/** `hold host push-url production`: repositories on the hosts, and the commands that make them a remote here. */
import { shellQuote } from '../../kit/quote.ts';
import { runOn } from '../../release/ssh/ssh.ts';
import type { PushUrlOptions } from '../commands/host.ts';
import type { Context } from '../context.ts';
import { holdfastThere, targetNamed } from './hosts-target.ts';

export async function printPushUrls(
  { cwd, env, out, err, json }: Context,
  name: string,
  options: PushUrlOptions,
): Promise<void> {
  const { target, hosts, project } = await targetNamed({ cwd, env }, name, options);
  const words = holdfastThere(target, ['receive', '--prepare-pushes', '--project', project]);
  if (options.branch !== undefined) words.push('--branch', options.branch);
  const made = hosts.map(async (host) => {
    const { path, branch } = JSON.parse(await runOn(host, words, { env })) as {
      path: string;
      branch: string;
    };
    return { host, url: `${host}:${path}`, branch };
  });
  const all = await Promise.all(made);
  if (json) return out.json(all);
  out.lines(remoteCommands(all.map(({ url }) => url)));
  err.line(`then: git push holdfast ${all[0]?.branch}`);
}

/** One remote for all of them: the first is where it fetches from, too. */
export function remoteCommands([first = '', ...others]: readonly string[]): string[] {
  if (others.length === 0) return [`git remote add holdfast ${shellQuote(first)}`];
  const push = (url: string) => `git remote set-url --add --push holdfast ${shellQuote(url)}`;
  return [`git remote add holdfast ${shellQuote(first)}`, ...[first, ...others].map(push)];
}
