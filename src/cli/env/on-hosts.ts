/** The same `hold env` on each host of a deploy target, over ssh. Values travel on stdin. */
import { didYouMean } from '../../config/suggest.ts';
import { HoldfastError } from '../../errors.ts';
import type { DeployTarget } from '../../protocol/release-rules.ts';
import { fromRemoteHome } from '../../release/ssh/remote-words.ts';
import { runOn } from '../../release/ssh/ssh.ts';
import type { Context } from '../context.ts';
import { waiting } from '../waiting.ts';

export interface OnHost {
  readonly host: string;
  /** What it printed. */
  readonly out: string;
}

/** @throws HoldfastError USAGE when the configuration has no such target */
export function targetNamed(targets: Readonly<Record<string, DeployTarget>>, name: string): DeployTarget {
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (target) return target;
  const names = Object.keys(targets);
  const known =
    names.length === 0
      ? ': the configuration here has no `deploy`'
      : didYouMean(name, names) || `: there is ${names.join(', ')}`;
  throw new HoldfastError('USAGE', `There is no deploy target "${name}"${known}`);
}

/**
 * One host after the other.
 *
 * @param words behind `hold`
 * @throws HoldfastError HOST_FAILED and what was done before
 */
export async function onHosts(
  context: Context,
  { hosts, command, home }: DeployTarget,
  words: readonly string[],
  input = '',
): Promise<OnHost[]> {
  const { env, err, json } = context;
  const done: OnHost[] = [];
  const program = [fromRemoteHome(command), ...(home === null ? [] : ['--home', home])];
  for (const host of hosts) {
    const onSaid = (line: string) => {
      if (!json) err.line(`${err.style.bold(host)} ${line}`);
    };
    try {
      const run = () => runOn(host, [...program, ...words], { env, input, onSaid });
      done.push({ host, out: await waiting(context, `waiting for ${host}`, run) });
    } catch (error) {
      if (done.length === 0 || !(error instanceof HoldfastError)) throw error;
      const before = done.map((one) => one.host).join(', ');
      throw new HoldfastError(error.code, `${error.message} (it was done on ${before})`, {
        hint: error.hint,
        details: error.details,
        cause: error,
      });
    }
  }
  return done;
}
