/** `hold releases --target production`: what each host has had, and whether all of them serve the same. */
import type { ReleaseRecord } from '../../protocol/release.ts';
import type { Context } from '../context.ts';
import { type TargetOptions, targetNamed } from '../deploy/hosts-target.ts';
import { ForeignExit } from '../foreign.ts';
import { releaseTable } from '../print/release-table.ts';
import { plain } from '../print/text.ts';
import { askHosts, tellFailures, valuesOf } from './ask-hosts.ts';
import { showText } from './look-at-hosts.ts';

export async function listReleasesOfHosts(
  context: Context,
  name: string,
  options: TargetOptions,
): Promise<void> {
  const { out, err, json } = context;
  const { target, hosts, project } = await targetNamed(context, name, options);
  const answers = await askHosts(context, { target, hosts }, ['releases', '--json', '--project', project]);
  const records = valuesOf<ReleaseRecord>(answers);
  const reached = answers.flatMap((answer) => ('text' in answer ? [answer.host] : []));
  if (json) out.json(records);
  else {
    if (records.length > 0)
      out.lines(releaseTable(records, { width: out.width, style: out.style, now: Date.now() }));
    else if (reached.length > 0)
      err.line(`${project} has no releases: \`hold deploy ${name}\` makes the first`);
    const differing = differences(reached, records);
    if (differing.length > 0) {
      err.line(`${err.style.yellow('The hosts serve different releases')}: ${differing.join(', ')}`);
      err.line(err.style.dim(`\`hold deploy ${name}\` brings all of them to one`));
    }
  }
  if (!tellFailures(context, answers)) throw new ForeignExit(1);
}

/** What each host serves, when it is not the same content everywhere. */
export function differences(
  hosts: readonly string[],
  records: readonly (ReleaseRecord & { readonly host: string })[],
): string[] {
  const serving = hosts.map((host) => ({
    host,
    record: records.find((one) => one.host === host && /^(serving|baking)$/.test(one.outcome)),
  }));
  const contents = new Set(serving.map(({ record }) => record?.source.treeHash));
  if (contents.size < 2) return [];
  return serving.map(({ host, record }) => {
    const { id, source } = record ?? {};
    return `${host} ${id ?? 'nothing'}${source?.subject ? ` "${plain(source.subject)}"` : ''}`;
  });
}

/** @param words behind `hold` */
export async function showReleaseOfHosts(
  context: Context,
  name: string,
  words: readonly string[],
  options: TargetOptions,
): Promise<void> {
  const { target, hosts, project } = await targetNamed(context, name, options);
  if (!(await showText(context, { target, hosts }, [...words, '--project', project])))
    throw new ForeignExit(1);
}
