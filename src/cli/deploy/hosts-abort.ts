/** `hold deploy --abort`: gives up a deploy of somebody else, or one whose terminal is gone. */
import { releasePaths } from '../../release/paths.ts';
import { giveUpDeploy } from '../../release/remote/give-up.ts';
import { runOn } from '../../release/ssh/ssh.ts';
import type { Context } from '../context.ts';
import { plain } from '../print/text.ts';
import { holdfastThere, type TargetOptions, targetNamed } from './hosts-target.ts';
import { deployedProject } from './project.ts';

/** @param name of the target; undefined = this machine */
export async function abortDeploy(
  context: Context,
  name: string | undefined,
  options: TargetOptions,
): Promise<void> {
  if (name === undefined) return abortHere(context, await deployedProject(context, options));
  const { out, env, json } = context;
  const { target, hosts, project } = await targetNamed(context, name, options);
  const words = holdfastThere(target, ['receive', '--abort', '--project', project]);
  const said = await Promise.all(hosts.map((host) => runOn(host, words, { env })));
  if (json) return out.json(Object.fromEntries(hosts.map((host, index) => [host, said[index]?.trim()])));
  out.lines(hosts.map((host, index) => `${host}  ${plain(said[index]?.trim() ?? '')}`));
}

export async function abortHere(context: Context, project: string): Promise<void> {
  const client = await context.look();
  const given = await giveUpDeploy(releasePaths(context.home, project), project, client);
  const told = {
    promotion: 'given up: the release before serves again',
    making: 'given up: nothing was changed',
    nothing: 'nothing to give up: no deploy is under way',
  }[given];
  context.out.line(told);
}
