import { once } from 'node:events';
import { HoldfastError } from '../errors.ts';
import type { Context } from './context.ts';

/** Goes on when a person says yes, or `yes` says it beforehand; else nothing happens: USAGE. */
export async function confirm(
  { stdin, err, signal }: Context,
  question: string,
  yes: boolean,
): Promise<void> {
  if (yes) return;
  if (!stdin.isTTY || !err.isTTY) {
    throw new HoldfastError('USAGE', 'Nothing was written: there is no terminal to ask on, and no `--yes`', {
      hint: 'Add `--yes` to write these files',
    });
  }
  const { createInterface } = await import('node:readline');
  err.stream.write(`${question} [y/N] `);
  const lines = createInterface({ input: stdin });
  const [answer = ''] = await once(lines, 'line', { signal }).finally(() => lines.close());
  if (/^y(es)?$/i.test(String(answer).trim())) return;
  throw new HoldfastError('USAGE', 'Nothing was written');
}
