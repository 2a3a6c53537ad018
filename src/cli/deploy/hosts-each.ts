/** A command of Holdfast on each host of a target, and what it prints, host by host. */
import { HoldfastError } from '../../errors.ts';
import { runOn } from '../../release/ssh/ssh.ts';
import type { Context } from '../context.ts';
import { plainButColours } from '../print/text.ts';
import { holdfastThere, type TargetOptions, targetNamed } from './hosts-target.ts';

/** With `--json`: an object with what each host has printed. @throws HoldfastError of the first host that could not say it, in the end */
export async function onEachHost(
  context: Context,
  name: string,
  words: readonly string[],
  options: TargetOptions,
): Promise<void> {
  const { out, err, env, json } = context;
  const { target, hosts, project } = await targetNamed(context, name, options);
  const there = holdfastThere(target, [...words, '--project', project, ...(json ? ['--json'] : [])]);
  const answers = hosts.map((host) => runOn(host, there, { env }));
  const results = await Promise.allSettled(answers);
  const told: Record<string, unknown> = {};
  for (const [index, host] of hosts.entries()) {
    const result = results[index];
    if (result?.status !== 'fulfilled') {
      if (!json) err.line(`${err.style.bold(host)}  ${err.style.red('✖')}`);
      continue;
    }
    if (json) told[host] = JSON.parse(result.value);
    else {
      const lines = result.value.trimEnd().split('\n');
      out.lines([out.style.bold(host), ...lines.map((line) => `  ${plainButColours(line)}`), '']);
    }
  }
  if (json) out.json(told);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason instanceof HoldfastError ? failed.reason : new Error(String(failed.reason));
}
