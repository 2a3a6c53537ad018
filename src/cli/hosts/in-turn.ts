/** What is to be changed on several hosts: one after the other, so that the others serve meanwhile; and none after one that could not. */
import { asHoldfastError } from '../../errors.ts';
import { runOn } from '../../release/ssh/ssh.ts';
import type { Context } from '../context.ts';
import { holdfastThere } from '../deploy/hosts-target.ts';
import { plainButColours } from '../print/text.ts';
import type { Typed } from '../target-option.ts';
import { type HostAnswer, type Place, tellFailures, valuesOf, wordsOf } from './ask-hosts.ts';

/** @returns whether all hosts have done it */
export async function inTurn(context: Context, { target, hosts }: Place, typed: Typed): Promise<boolean> {
  const { out, err, env, json, signal } = context;
  const [name = '', ...rest] = wordsOf(typed);
  const words = holdfastThere(target, [name, ...(json ? ['--json'] : []), ...rest]);
  const width = Math.max(...hosts.map((host) => host.length));
  const prefixed = (host: string, line: string) =>
    `${err.style.bold(host.padEnd(width))}  ${plainButColours(line)}`;
  const answers: HostAnswer[] = [];
  for (const host of hosts) {
    if (signal.aborted || answers.some((answer) => 'error' in answer)) break;
    // What it fails with is told once, in the end.
    const onSaid = (line: string) => {
      if (!json && !line.startsWith('hold: ')) err.line(prefixed(host, line));
    };
    answers.push(
      await runOn(host, words, { env, onSaid }).then(
        (text) => ({ host, text }),
        (error) => ({ host, error: asHoldfastError(error) }),
      ),
    );
    const last = answers.at(-1);
    if (!json && last && 'text' in last)
      for (const line of last.text.split('\n')) if (line !== '') out.line(prefixed(host, line));
  }
  if (json) out.json(valuesOf<object>(answers.filter((answer) => 'text' in answer && answer.text !== '')));
  const isDone = tellFailures(context, answers);
  const left = hosts.slice(answers.length);
  if (left.length > 0 && !json) err.line(`nothing was changed on ${left.join(', ')}`);
  return isDone && left.length === 0;
}
