/** `hold doctor`: how this machine, this home and the config file are. */
import { alertChecks } from '../../doctor/machine/alerts.ts';
import type { Check } from '../../doctor/machine/check.ts';
import { judge } from '../../doctor/machine/judge.ts';
import type { Context } from '../context.ts';
import { waiting } from '../waiting.ts';
import { collectFacts } from './facts.ts';

/** true when nothing is bad. */
export async function checkMachine(context: Context, file?: string): Promise<boolean> {
  const { out, json } = context;
  const facts = await waiting(context, 'looking at this machine', () => collectFacts(context, file));
  const checks = [...alertChecks(facts.alerts), ...judge(facts)];
  if (json) out.json(checks);
  else out.lines(checks.flatMap((check) => printed(check, context)));
  return checks.every(({ state }) => state !== 'bad');
}

function printed({ about, state, text, advice }: Check, { out }: Context): string[] {
  const { bold, dim, green, red, yellow } = out.style;
  const mark = { ok: green('ok  '), warn: yellow('warn'), bad: red('bad ') }[state];
  const line = `${mark}  ${bold(about.padEnd(12))} ${text}`;
  return advice === null ? [line] : [line, `      ${' '.repeat(12)} ${dim(`→ ${advice}`)}`];
}
