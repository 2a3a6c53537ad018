import type { Command } from 'commander';
import type { Plan } from '../../config/plan.ts';
import type { UpResult } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

interface UpOptions {
  file?: string;
  plan?: boolean;
}

export function defineUp(program: Command, context: ContextFactory): void {
  program
    .command('up')
    .summary('make the machine equal to the config file')
    .description(
      'Makes the machine equal to the config file: starts, changes, scales and removes apps and sites. A second time there is nothing to do; a file with an error changes nothing.',
    )
    .option('-f, --file <file>', 'config file (default: holdfast.config.* of this directory)')
    .option('--plan', 'only print what would change')
    .action((options: UpOptions) => up(context(), options));
}

async function up(context: Context, { file, plan: onlyPlan = false }: UpOptions): Promise<void> {
  const { loadPlan } = await import('../../config/load.ts');
  const loaded = await loadPlan({ ...(file !== undefined && { file }), cwd: context.cwd, env: context.env });
  const plan = await withNode(context, loaded, onlyPlan);
  if (onlyPlan) return await printResult(context, await foresee(context, plan));
  const { progress } = await import('../progress.ts');
  const client = await context.connect();
  const { waiting } = await import('../waiting.ts');
  const result = await waiting(
    context,
    'waiting until all runs as the file says',
    () => client.up(plan, { onEvent: progress(context), signal: context.signal }),
    { told: true },
  );
  await printResult(context, result);
  if (context.json || result.changes.length === 0) return;
  const { appTable } = await import('../print/app-table.ts');
  context.out.line();
  context.out.lines(appTable(result.apps, { width: context.out.width, style: context.out.style }));
}

/** The Node that apps want, which is fetched when it is not there; not for a mere look. */
async function withNode(context: Context, plan: Plan, onlyLook: boolean): Promise<Plan> {
  if (Object.values(plan.apps).every(({ node }) => node === null)) return plan;
  const { withNodes, withNodesThere } = await import('../../release/node/plan-nodes.ts');
  const { ownNode } = await import('../../release/node/runtime.ts');
  const { npmFetcher } = await import('../../release/tools.ts');
  const { releasePaths } = await import('../../release/paths.ts');
  const { tools } = releasePaths(context.home, plan.project);
  const own = ownNode();
  if (onlyLook) return withNodesThere(plan, { tools, own });
  const say = (line: string) => context.err.line(line);
  return withNodes(plan, null, { tools, own, say, fetcher: npmFetcher(context.env), offline: false });
}

/** What would change, without starting a daemon for the answer. */
async function foresee(context: Context, plan: Plan): Promise<UpResult> {
  const client = await context.look();
  if (client) return client.up(plan, { dryRun: true, signal: context.signal });
  const { diffPlans } = await import('../../config/diff.ts');
  return { changes: diffPlans(null, plan), apps: [] };
}

async function printResult({ out, err, json }: Context, result: UpResult): Promise<void> {
  if (json) return out.json(result);
  if (result.changes.length === 0) return err.line('nothing to do');
  const { changeLine } = await import('../print/change-line.ts');
  out.lines(result.changes.map((change) => changeLine(change, out.style)));
}
