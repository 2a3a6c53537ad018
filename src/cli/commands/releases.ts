import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ProjectOptions } from '../deploy/project.ts';
import type { ContextFactory } from '../program.ts';

const examples = `
Examples:
  hold releases                  what has been deployed, the newest first
  hold releases show 3f2a91c     one of them: its steps, and what the one that failed said
  hold releases show 3f2a91c build   all that this step said`;

interface ReleasesOptions extends ProjectOptions {
  readonly target?: string;
}

export function defineReleases(program: Command, context: ContextFactory): void {
  const releases = program
    .command('releases')
    .summary('what has been deployed, by whom, and what became of it')
    .description('Lists the releases of a project, the newest first.')
    .option('-f, --file <file>', 'config file, from which the name of the project is taken')
    .option('--project <name>', 'the project, where there is no config file')
    .option('--target <name>', 'on the hosts of this target of the config file')
    .addHelpText('after', examples)
    .action((options: ReleasesOptions) => list(context(), options));
  releases
    .command('show')
    .summary('one release: its steps, and what they said')
    .description(
      'Shows one release: where it came from, its steps, and the last output of the one that failed.',
    )
    .argument('<release>', 'its id, or its commit')
    .argument('[step]', 'all that this step said')
    .action((typed: string, step: string | undefined) =>
      show(context(), typed, step, releases.opts<ReleasesOptions>()),
    );
}

async function list(context: Context, options: ReleasesOptions): Promise<void> {
  if (options.target !== undefined) return onHosts(context, ['releases'], options.target, options);
  const { out, err, json } = context;
  const { projectOf } = await import('../deploy/project.ts');
  const { releasePaths } = await import('../../release/paths.ts');
  const { RecordFiles } = await import('../../release/records.ts');
  const { project } = await projectOf(context, options);
  const paths = releasePaths(context.home, project);
  const records = new RecordFiles(paths.records).list();
  if (json) return out.json(records);
  if (records.length === 0) return err.line(`${project} has no releases: \`hold deploy\` makes the first`);
  const { releaseTable } = await import('../print/release-table.ts');
  out.lines(releaseTable(records, { width: out.width, style: out.style, now: Date.now() }));
}

/** The same on the hosts of a target. */
async function onHosts(
  context: Context,
  words: readonly string[],
  target: string,
  options: ReleasesOptions,
): Promise<void> {
  const { onEachHost } = await import('../deploy/hosts-each.ts');
  await onEachHost(context, target, words, options);
}

async function show(
  context: Context,
  typed: string,
  step: string | undefined,
  options: ReleasesOptions,
): Promise<void> {
  const words = ['releases', 'show', typed, ...(step === undefined ? [] : [step])];
  if (options.target !== undefined) return onHosts(context, words, options.target, options);
  const { out, json } = context;
  const { projectOf } = await import('../deploy/project.ts');
  const { findRelease } = await import('../../release/deploy.ts');
  const { releasePaths } = await import('../../release/paths.ts');
  const { stepOutput } = await import('../../release/step-output.ts');
  const { project } = await projectOf(context, options);
  const paths = releasePaths(context.home, project);
  const record = findRelease(paths, typed);
  if (step !== undefined) return out.lines(stepOutput(paths, record.id, step));
  if (json) return out.json(record);
  const { releaseLines } = await import('../print/release-table.ts');
  const failed = record.steps.find(({ outcome }) => outcome === 'failed')?.name;
  const last = failed === undefined ? [] : stepOutput(paths, record.id, failed).slice(-20);
  out.lines(
    releaseLines(record, { dir: `${paths.releases}/${record.id}`, last, style: out.style, now: Date.now() }),
  );
}
