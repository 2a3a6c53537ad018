import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { Exported, ExportOptions } from '../../exporters/exported.ts';
import { summaries, summaryLines, targetsAbout } from '../../exporters/summaries.ts';
import type { Target } from '../../exporters/target.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface ExportCommandOptions {
  readonly file?: string;
  readonly out?: string;
  readonly name: string;
  readonly user?: string;
  readonly node?: string;
  readonly ingress?: string;
  readonly maxInstances?: string;
  readonly check?: boolean;
  readonly install?: boolean;
  readonly yes?: boolean;
}

export function defineExport(program: Command, context: ContextFactory): void {
  program
    .command('export')
    .summary("write the config file as another program's configuration")
    .description(
      'Writes what the config file says as the configuration of another program: a front (nginx …), an init system (systemd …), a platform (Kubernetes …), a pipeline that deploys with Holdfast (GitHub …), or a dashboard of its numbers (Grafana). What that program cannot do is said, on stderr and in the files. The apps get a port each, so that a front and an init that are exported from the same file fit together. Without `-o` and `--install` it is printed, and nothing is changed.',
    )
    .argument('[target]', 'for which program; left out: lists them')
    .option('-f, --file <file>', 'config file (default: holdfast.config.* of this directory)')
    .option('-o, --out <dir>', 'write the files below this directory')
    .option('--name <name>', 'first part of the names of files and services', 'holdfast')
    .option('--user <user>', 'who runs the apps, where the config file does not say')
    .option('--node <path>', 'the node that will run them (default: this one)')
    .option('--ingress <who>', 'kubernetes: who brings requests in, traefik (default), nginx or gateway')
    .option('--max-instances <n>', 'platforms that start more under load: at most so many of an app')
    .option(
      '--check',
      "have the target's own checker look at the files, before any is written; wrong usage when it has none",
    )
    .option('--install', 'show what would change on this machine, ask, write, check, reload')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', () => `\n${summaryLines().join('\n')}`)
    .action((target: string | undefined, options: ExportCommandOptions) =>
      target === undefined ? list(context()) : exportTo(context(), target, options),
    );
}

function list({ json, out }: Context): void {
  if (json) {
    out.json(
      summaries.flatMap(({ title, of }) => Object.entries(of).map(([name, text]) => ({ name, text, title }))),
    );
  } else out.lines(summaryLines());
}

async function exportTo(context: Context, name: string, options: ExportCommandOptions): Promise<void> {
  const target = await targetOf(name);
  const exported = await exportedBy(context, target, options);
  if (options.check) {
    const { checkFiles } = await import('../export/check.ts');
    const { waiting } = await import('../waiting.ts');
    await waiting(context, `${target.title} looks at the files`, () => checkFiles(target, exported.files));
  }
  if (options.install) {
    const { install } = await import('../export/install.ts');
    // Who is asked has to know it.
    await sayLosses(context, target, exported);
    return install(context, target, exported, { name: options.name, yes: options.yes === true });
  }
  if (options.out !== undefined) {
    const { writeBelow } = await import('../export/write.ts');
    const written = writeBelow(resolve(context.cwd, options.out), exported.files);
    if (context.json) return context.out.json({ files: written, losses: exported.losses });
    context.err.lines(written.map((path) => `wrote ${path}`));
  } else {
    if (context.json) return context.out.json(exported);
    await context.out.flow(printed(exported));
  }
  await sayLosses(context, target, exported);
}

async function targetOf(name: string): Promise<Target> {
  const { targets } = await import('../../exporters/targets.ts');
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (target) return target;
  const { nearest } = await import('../../config/suggest.ts');
  const near = nearest(name, Object.keys(targets));
  const meant = near === undefined ? targetsAbout(name) : [near];
  const ending = meant.length === 0 ? '' : `: did you mean ${meant.map((one) => `"${one}"`).join(' or ')}?`;
  throw new HoldfastError('USAGE', `There is no target "${name}" to export to${ending}`, {
    hint: '`hold export` lists the targets',
  });
}

async function exportedBy(
  { cwd, env, home }: Context,
  target: Target,
  { file, name, user, node, ...options }: ExportCommandOptions,
): Promise<Exported> {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) {
    throw new HoldfastError(
      'USAGE',
      `The files cannot be called "${name}": small letters, digits and "-" only, and a letter first`,
    );
  }
  const particular = await particularOptions(target, options);
  const { loadPlan } = await import('../../config/load.ts');
  const { isSecret } = await import('../../config/mask.ts');
  const { placesOf } = await import('../../exporters/places.ts');
  const { readProjectFacts } = await import('../export/project-facts.ts');
  const { variablesOf } = await import('../export/variables.ts');
  const plan = await loadPlan({ ...(file !== undefined && { file }), cwd, env, unbuilt: true });
  if (target.kind === 'front' && Object.keys(plan.sites).length === 0) {
    throw new HoldfastError('USAGE', `Cannot export to ${target.title}: the config file has no sites`, {
      hint: 'For example: sites: { "example.com": { routes: { "/": "web" } } }',
    });
  }
  const own = userInfo().username;
  return target.export(plan, {
    node: resolve(cwd, node ?? process.execPath),
    user: user ?? (own === 'root' ? null : own),
    name,
    places: placesOf(plan),
    variables: variablesOf(home, plan.project),
    project: readProjectFacts(plan.source === null ? cwd : dirname(plan.source)),
    ...particular,
    isSecret,
  });
}

/** What only some targets take. */
async function particularOptions(
  { title, takes = [] }: Target,
  { ingress, maxInstances }: Pick<ExportCommandOptions, 'ingress' | 'maxInstances'>,
): Promise<Pick<ExportOptions, 'ingress' | 'maxInstances'>> {
  const given = { ingress, maxInstances };
  for (const [name, option] of [
    ['ingress', '--ingress'],
    ['maxInstances', '--max-instances'],
  ] as const) {
    if (given[name] !== undefined && !takes.includes(name))
      throw new HoldfastError('USAGE', `Cannot export to ${title} with ${option}: it has no such thing`);
  }
  const { ingressKinds } = await import('../../exporters/exported.ts');
  const kind = ingressKinds.find((one) => one === ingress);
  if (ingress !== undefined && kind === undefined)
    throw new HoldfastError('USAGE', `--ingress must be ${ingressKinds.join(', ')}: got "${ingress}"`);
  if (maxInstances !== undefined && !/^[1-9]\d{0,4}$/.test(maxInstances))
    throw new HoldfastError('USAGE', `--max-instances must be a whole number above 0: got "${maxInstances}"`);
  return {
    ...(kind !== undefined && { ingress: kind }),
    ...(maxInstances !== undefined && { maxInstances: Number(maxInstances) }),
  };
}

/** One file as it is; several with their names between them. */
function printed({ files }: Exported): string {
  if (files.length === 1) return files[0]?.text ?? '';
  return files.map(({ path, text }) => `==> ${path} <==\n${text}`).join('\n');
}

async function sayLosses({ err }: Context, { title }: Target, { losses }: Exported): Promise<void> {
  if (losses.length === 0) return;
  const { lossLines } = await import('../../exporters/losses.ts');
  err.line(`${title} will not do all that the config file says:`);
  err.lines(lossLines(losses));
}
