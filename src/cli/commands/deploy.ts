import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { RARE } from '../help/rare.ts';
import type { ContextFactory } from '../program.ts';

export interface DeployCommandOptions {
  readonly file?: string;
  readonly ref?: string;
  readonly from?: string;
  readonly workingTree?: boolean;
  readonly project?: string;
  readonly again?: boolean;
  readonly allowNew: readonly string[];
  readonly offline?: boolean;
  readonly migrate: boolean;
  readonly abort?: boolean;
  readonly continue?: boolean;
  readonly without?: readonly string[];
}

export function defineDeploy(program: Command, context: ContextFactory): void {
  program
    .command('deploy')
    .summary('make a release and let it serve; or leave the old one as it is')
    .description(
      'Makes a release of the newest commit: exact packages from the lockfile, build, migration, a trial without traffic, then all of the traffic without a failed request, watched for a while. Whatever fails, the release before still serves.',
    )
    .argument('[target]', 'where to: a name in `deploy` of the config file (default: this machine)')
    .option('-f, --file <file>', 'config file, inside the project')
    .option('--ref <ref>', 'this commit, branch or tag instead of HEAD')
    .option('--working-tree', 'the files as they are, committed or not')
    .option('--from <source>', 'a directory, a tarball, or a git URL (`#branch` at its end)')
    .optionsGroup(RARE)
    .option('--project <name>', 'name of the project, when it is not the one in the config file here')
    .option('--again', 'also when the same content serves already')
    .option(
      '--allow-new <package...>',
      'let these through although they are young, from git, or run scripts',
      [],
    )
    .option('--offline', 'fetch nothing: packages come from the store and the cache')
    .option('--no-migrate', 'leave out `release.migrate`')
    .option('--without <host...>', 'leave out these hosts of the target, because they are down')
    .option('--abort', 'give up the deploy that is under way; what served before serves again')
    .option('--continue', 'end the time in which the release is watched: it serves')
    .action(async (target: string | undefined, options: DeployCommandOptions) => {
      if (target === undefined && options.without) throw withoutTarget();
      if (options.abort) {
        const { abortDeploy } = await import('../deploy/hosts-abort.ts');
        return abortDeploy(context(), target, options);
      }
      if (options.continue) return continueOne(context(), target, options);
      if (target === undefined) return deploy(context(), options);
      const { deployToHosts } = await import('../deploy/hosts.ts');
      await deployToHosts(context(), target, options);
    });
}

function withoutTarget(): HoldfastError {
  return new HoldfastError('USAGE', '`--without` leaves out hosts of a target, and none is named', {
    hint: 'Such as: hold deploy production --without deploy@app2',
  });
}

async function continueOne(
  context: Context,
  target: string | undefined,
  options: DeployCommandOptions,
): Promise<void> {
  if (target !== undefined) {
    const { onEachHost } = await import('../deploy/hosts-each.ts');
    return onEachHost(context, target, ['deploy', '--continue'], options);
  }
  const { continueDeploy } = await import('../deploy/promotion.ts');
  const { deployedProject } = await import('../deploy/project.ts');
  await continueDeploy(context, await deployedProject(context, options));
}

async function deploy(context: Context, options: DeployCommandOptions): Promise<void> {
  const { DeployProgress } = await import('../deploy/progress.ts');
  const { deploySurroundings } = await import('../deploy/surroundings.ts');
  const { sourceOf } = await import('../deploy/source.ts');
  const release = await import('../../release/deploy.ts');
  const { servesLine, standingLine, tellRefusal } = await import('../deploy/outcome.ts');
  const progress = new DeployProgress(context);
  const { makeScratch } = await import('../../release/scratch.ts');
  const { releasePaths } = await import('../../release/paths.ts');
  const scratch = (name: string) => makeScratch(releasePaths(context.home, name));
  const { source, project, config } = await sourceOf(context, options, scratch);
  // From the trial on the daemon carries it to its end.
  let isPromoted = false;
  try {
    const { again = false, allowNew, offline = false, migrate } = options;
    const around = deploySurroundings(context, project, progress);
    const record = await release.deploy({
      ...around,
      onStep: (step) => {
        isPromoted ||= /^(trial|canary|rollout|bake)$/.test(step.name);
        around.onStep(step);
      },
      source,
      config,
      again,
      allowNew,
      offline,
      migrates: migrate,
    });
    progress.end();
    if (context.json) return context.out.json(record);
    if (!record) {
      context.err.line('nothing to do: this very content serves already (`--again` deploys it again)');
      for (const note of source.notes) progress.note(note);
      return;
    }
    const { green } = context.out.style;
    context.out.line(`${green('✔')} ${servesLine(context, record)}`);
  } catch (error) {
    progress.end();
    if (!context.signal.aborted) throw await tellRefusal(context, project, error, progress.begun);
    context.err.line(
      isPromoted
        ? 'interrupted: the daemon goes on with it, `hold releases` shows how far it is; `hold deploy --abort` gives it up'
        : `given up; ${await standingLine(context.home, project)}`,
    );
  } finally {
    await source.close();
  }
}
