/** A command on all hosts of a target, by what is to become of their answers. */
import type { Context } from '../context.ts';
import { targetNamed } from '../deploy/hosts-target.ts';
import type { Together, Typed } from '../target-option.ts';
import { wordsOf } from './ask-hosts.ts';

/** @returns whether all hosts could do it; of those that could not, it was said why */
export async function runOnTarget(
  context: Context,
  name: string,
  typed: Typed,
  together: Together,
): Promise<boolean> {
  const { target, hosts } = await targetNamed(context, name, {});
  const place = { target, hosts };
  // These change something, too.
  const isChange = typed.name === 'logs' && typed.flags.some((flag) => /^--(flush|reopen)$/.test(flag));
  if (together === 'change' || isChange) {
    const { inTurn } = await import('./in-turn.ts');
    return inTurn(context, place, typed);
  }
  if (together === 'lines') {
    const { mergeLines } = await import('./merge-lines.ts');
    return mergeLines(context, place, typed);
  }
  const { showApps, showText } = await import('./look-at-hosts.ts');
  return together === 'apps' ? showApps(context, place, typed) : showText(context, place, wordsOf(typed));
}
