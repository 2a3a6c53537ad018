import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { ReleaseRecord } from '../../protocol/release.ts';
import type { Context } from '../context.ts';
import type { ProjectOptions } from '../deploy/project.ts';
import { plain } from '../print/text.ts';
import type { ContextFactory } from '../program.ts';

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
    .option('-t, --target <name>', 'on the hosts of this target of the config file')
    .action((options: ReleasesOptions) => list(context(), options));
  releases
    .command('show')
    .summary('one release: its steps, and what they said')
    .description(
      'Shows one release: where it came from, its steps, and the last output of the one that failed.',
    )
    .argument('[release]', 'its id, or its commit (default: the newest)')
    .argument('[step]', 'all that this step said')
    .action((typed: string | undefined, step: string | undefined) =>
      show(context(), typed, step, releases.opts<ReleasesOptions>()),
    );
}

async function list(context: Context, options: ReleasesOptions): Promise<void> {
  if (options.target !== undefined) {
    const { listReleasesOfHosts } = await import('../hosts/releases-of-hosts.ts');
    return listReleasesOfHosts(context, options.target, options);
  }
  const { out, err, json } = context;
  const { deployedProject } = await import('../deploy/project.ts');
  const { releasePaths } = await import('../../release/paths.ts');
  const { RecordFiles } = await import('../../release/records.ts');
  const { lookedAt } = await import('../../release/abandoned.ts');
  const project = await deployedProject(context, options);
  const paths = releasePaths(context.home, project);
  const records = lookedAt(paths, new RecordFiles(paths.records).list());
  if (json) return out.json(records);
  if (records.length === 0) return err.line(`${project} has no releases: \`hold deploy\` makes the first`);
  const { releaseTable } = await import('../print/release-table.ts');
  out.lines(releaseTable(records, { width: out.width, style: out.style, now: Date.now() }));
}

async function show(
  context: Context,
  typed: string | undefined,
  step: string | undefined,
  options: ReleasesOptions,
): Promise<void> {
  const words = ['releases', 'show', ...[typed, step].filter((word) => word !== undefined)];
  if (options.target !== undefined) {
    const { showReleaseOfHosts } = await import('../hosts/releases-of-hosts.ts');
    return showReleaseOfHosts(context, options.target, words, options);
  }
  const { out, json } = context;
  const { deployedProject } = await import('../deploy/project.ts');
  const { anyRelease } = await import('../../release/find-release.ts');
  const { lookedAt } = await import('../../release/abandoned.ts');
  const { releasePaths } = await import('../../release/paths.ts');
  const { stepOutput } = await import('../../release/step-output.ts');
  const project = await deployedProject(context, options);
  const paths = releasePaths(context.home, project);
  const found = anyRelease(paths, typed);
  const [record = found] = lookedAt(paths, [found]);
  if (step !== undefined) {
    const lines = stepOutput(paths, record.id, step);
    if (lines.length === 0) requireStep(record, step);
    return json ? out.json(lines) : out.lines(lines.map(plain));
  }
  if (json) return out.json(record);
  const { releaseLines } = await import('../print/release-table.ts');
  const failed = record.steps.find(({ outcome }) => outcome === 'failed')?.name;
  // What was refused between two steps has no step that failed.
  const told = failed ?? (record.outcome === 'failed' ? 'promote' : null);
  const said = told === null ? [] : stepOutput(paths, record.id, told).slice(-20);
  const news = said.filter((line) => line !== record.reason);
  const last = news.some((line) => line !== '') ? news : [];
  out.lines(
    releaseLines(record, { dir: `${paths.releases}/${record.id}`, last, style: out.style, now: Date.now() }),
  );
}

/** A step that said nothing is one; @throws HoldfastError USAGE when it is none */
function requireStep({ id, steps }: ReleaseRecord, step: string): void {
  const names: string[] = steps.map(({ name }) => name);
  if (names.includes(step)) return;
  throw new HoldfastError('USAGE', `Release "${id}" has no step "${step}"`, {
    hint: names.length === 0 ? 'It has none yet' : `There are: ${names.join(', ')}`,
  });
}
