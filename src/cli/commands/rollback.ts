import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface RollbackOptions {
  readonly file?: string;
  readonly project?: string;
  readonly target?: string;
  readonly without?: readonly string[];
}

export function defineRollback(program: Command, context: ContextFactory): void {
  program
    .command('rollback')
    .summary('let an earlier release serve again')
    .description(
      'Lets an earlier release serve again, without a failed request, in the time that a reload takes: it is still on the disk as it was.',
    )
    .argument('[release]', 'its id, or its commit (default: the one that served before)')
    .option('-f, --file <file>', 'config file, from which the name of the project is taken')
    .option('--project <name>', 'the project, where there is no config file')
    .option('-t, --target <name>', 'on all hosts of this target of the config file')
    .option('--without <host...>', 'with --target: leave out these hosts, because they are down')
    .action((release: string | undefined, options: RollbackOptions) => rollback(context(), release, options));
}

async function rollback(
  context: Context,
  typed: string | undefined,
  options: RollbackOptions,
): Promise<void> {
  if (options.target !== undefined) {
    const { rollbackHosts } = await import('../deploy/hosts-rollback.ts');
    return rollbackHosts(context, options.target, typed, options);
  }
  const { deployedProject } = await import('../deploy/project.ts');
  const { deploySurroundings } = await import('../deploy/surroundings.ts');
  const { DeployProgress } = await import('../deploy/progress.ts');
  const { findRelease, promoteRelease } = await import('../../release/deploy.ts');
  const { lockDeploy } = await import('../../release/deploy-lock.ts');
  const { takeBack } = await import('../deploy/promotion.ts');
  const progress = new DeployProgress(context);
  const project = await deployedProject(context, options);
  // What is being promoted has not come to serve: back from there is its end.
  if (typed === undefined && (await takeBack(context, project))) return;
  const around = deploySurroundings(context, project, progress);
  const lock = lockDeploy(around.paths, around.by, around.clock.now());
  try {
    const found = findRelease(around.paths, typed);
    progress.begin(found);
    const record = await promoteRelease(around, found.id, 'rollback');
    progress.end();
    if (context.json) context.out.json(record);
    else {
      const { servesLine } = await import('../deploy/outcome.ts');
      const line = servesLine(context, record, 'serves again');
      context.out.line(`${context.out.style.green('✔')} ${line}`);
    }
  } finally {
    progress.end();
    lock.release();
  }
}
