/** What several hosts answer to a command that only looks. */
import type { AppView } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import { appTable } from '../print/app-table.ts';
import { plainButColours } from '../print/text.ts';
import type { Typed } from '../target-option.ts';
import { askHosts, type Place, tellFailures, valuesOf, wordsOf } from './ask-hosts.ts';

/** @returns whether all hosts have answered; those that have are shown in any case */
export async function showApps(context: Context, place: Place, typed: Typed): Promise<boolean> {
  const { out, err, json } = context;
  const answers = await askHosts(context, place, wordsOf({ ...typed, flags: ['--json'] }));
  const apps = valuesOf<AppView>(answers);
  if (json) out.json(apps);
  else if (apps.length > 0)
    out.lines(appTable(apps, { width: out.width, style: out.style, all: typed.flags.includes('--all') }));
  const idle = answers.filter((answer) => 'text' in answer && !apps.some(({ host }) => host === answer.host));
  if (!json) for (const { host } of idle) err.line(`${host}: nothing is running`);
  return tellFailures(context, answers);
}

/** As each of them prints it, below its name. @returns as `showApps` */
export async function showText(
  context: Context,
  place: Place,
  [name = '', ...rest]: readonly string[],
): Promise<boolean> {
  const { out, json } = context;
  const answers = await askHosts(context, place, [name, ...(json ? ['--json'] : []), ...rest]);
  if (json) out.json(valuesOf<object | string>(answers));
  for (const answer of answers) {
    if (json || 'error' in answer) continue;
    const lines = answer.text.trimEnd().split('\n');
    out.lines([out.style.bold(answer.host), ...lines.map((line) => `  ${plainButColours(line)}`), '']);
  }
  return tellFailures(context, answers);
}
