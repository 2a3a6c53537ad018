import { once } from 'node:events';
import { HoldfastError } from '../errors.ts';
import type { Context } from './context.ts';

export interface Question {
  /** Such as `Write these files?` */
  readonly question: string;
  /** What is so after a no, such as `Nothing was written` */
  readonly otherwise: string;
  /** What `--yes` is for, such as `to write these files` */
  readonly purpose: string;
  /** It was said beforehand. */
  readonly yes: boolean;
}

/** For commands that show files, ask, and write them. */
export const writeThese = {
  question: 'Write these files?',
  otherwise: 'Nothing was written',
  purpose: 'to write these files',
} as const;

/** Goes on when a person says yes, or has said it beforehand; else nothing happens: USAGE. */
export async function confirm(
  { stdin, err, signal }: Context,
  { question, otherwise, purpose, yes }: Question,
): Promise<void> {
  if (yes) return;
  if (!stdin.isTTY || !err.isTTY) {
    throw new HoldfastError('USAGE', `${otherwise}: there is no terminal to ask on, and no \`--yes\``, {
      hint: `Add \`--yes\` ${purpose}`,
    });
  }
  const { createInterface } = await import('node:readline');
  err.stream.write(`${question} [y/N] `);
  const lines = createInterface({ input: stdin });
  const [answer = ''] = await once(lines, 'line', { signal }).finally(() => lines.close());
  if (/^y(es)?$/i.test(String(answer).trim())) return;
  throw new HoldfastError('USAGE', otherwise);
}
