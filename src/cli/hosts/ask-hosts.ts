/** The same question to all hosts of a target, at once. */
import { asHoldfastError, type HoldfastError } from '../../errors.ts';
import type { DeployTarget } from '../../protocol/release-rules.ts';
import { runOn } from '../../release/ssh/ssh.ts';
import type { Context } from '../context.ts';
import { holdfastThere } from '../deploy/hosts-target.ts';
import { errorLines } from '../print/error.ts';
import type { Typed } from '../target-option.ts';

export interface Place {
  readonly target: DeployTarget;
  /** In the order in which they change; none is there twice. */
  readonly hosts: readonly string[];
}

export type HostAnswer =
  | { readonly host: string; readonly text: string }
  | { readonly host: string; readonly error: HoldfastError };

export function wordsOf({ name, flags, operands }: Typed): string[] {
  return [name, ...flags, ...(operands.length > 0 ? ['--', ...operands] : [])];
}

/** In the order of the hosts. */
export function askHosts(
  { env }: Pick<Context, 'env'>,
  { target, hosts }: Place,
  words: readonly string[],
): Promise<HostAnswer[]> {
  const there = holdfastThere(target, words);
  return Promise.all(
    hosts.map((host) =>
      runOn(host, there, { env }).then(
        (text) => ({ host, text }),
        (error) => ({ host, error: asHoldfastError(error) }),
      ),
    ),
  );
}

/**
 * What the answers hold with `--json`, one after the other, each with the name of its host; nothing of a host that could not. What is only
 * a line of text is called so.
 */
export function valuesOf<T>(answers: readonly HostAnswer[]): (T & { readonly host: string })[] {
  return answers.flatMap((answer) => {
    if ('error' in answer) return [];
    const values: unknown[] = [JSON.parse(answer.text)].flat();
    return values.map((one) => ({
      host: answer.host,
      ...((typeof one === 'string' ? { line: one } : one) as T),
    }));
  });
}

/** @returns whether all could do it */
export function tellFailures(context: Context, answers: readonly HostAnswer[]): boolean {
  const failed = answers.filter((answer) => 'error' in answer);
  for (const { host, error } of failed) tellFailure(context, host, error);
  return failed.length === 0;
}

export function tellFailure({ err, json, verbose }: Context, host: string, error: HoldfastError): void {
  if (json) err.json({ host, ...error.toBody() });
  else err.lines(errorLines(error, err.style, { verbose }));
}
