/** Where `hold <command> production` goes to. */
import { loadReleaseFacts } from '../../config/load.ts';
import { didYouMean } from '../../config/suggest.ts';
import { HoldfastError } from '../../errors.ts';
import type { DeployTarget } from '../../protocol/release-rules.ts';
import { fromRemoteHome } from '../../release/ssh/remote-words.ts';
import type { Context } from '../context.ts';

export interface TargetOptions {
  readonly file?: string;
  readonly project?: string;
  /** Hosts of the target that are left as they are. */
  readonly without?: readonly string[];
}

export interface NamedTarget {
  readonly target: DeployTarget;
  /** In the order in which they change; none is there twice. */
  readonly hosts: readonly string[];
  readonly project: string;
  /** Absolute path of the configuration file. */
  readonly file: string;
}

/** @throws HoldfastError USAGE when the configuration has no such target */
export async function targetNamed(
  { cwd, env }: Pick<Context, 'cwd' | 'env'>,
  name: string,
  { file: named, project, without = [] }: TargetOptions,
): Promise<NamedTarget> {
  const facts = await loadReleaseFacts({ ...(named !== undefined && { file: named }), cwd, env });
  const { file, deploy } = facts;
  const target = Object.hasOwn(deploy, name) ? deploy[name] : undefined;
  if (target) {
    const hosts = hostsOf(name, target, without);
    return { target, hosts, project: project ?? facts.project, file };
  }
  const names = Object.keys(deploy);
  throw new HoldfastError('USAGE', `There is no target "${name}" in "${file}"${didYouMean(name, names)}`, {
    hint:
      names.length === 0
        ? `Add it: deploy: { ${/^\w+$/.test(name) ? name : 'production'}: { hosts: ['deploy@app1'] } }`
        : `There ${names.length === 1 ? 'is' : 'are'}: ${names.join(', ')}`,
  });
}

function hostsOf(name: string, target: DeployTarget, without: readonly string[]): string[] {
  const all = [...new Set(target.hosts)];
  const unknown = without.find((host) => !all.includes(host));
  if (unknown !== undefined) {
    throw new HoldfastError('USAGE', `There is no host "${unknown}" in the target "${name}"`, {
      hint: `Its hosts are: ${all.join(', ')}`,
    });
  }
  const left = all.filter((host) => !without.includes(host));
  if (left.length > 0) return left;
  throw new HoldfastError('USAGE', `No host of "${name}" is left: all of them are left out`);
}

/** Words of a command of Holdfast on the hosts of a target. */
export function holdfastThere(
  { command, home }: DeployTarget,
  [name = '', ...rest]: readonly string[],
): string[] {
  // Not at the end, where it may be behind a `--`.
  const there = home === null ? [] : ['--home', fromRemoteHome(home)];
  return [fromRemoteHome(command), name, ...there, ...rest];
}
