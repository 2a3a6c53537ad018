import type { Command } from 'commander';
import { EGRESS_NAME, type EgressView } from '../../protocol/egress.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineEgress(program: Command, context: ContextFactory): void {
  program
    .command('egress')
    .summary('where the apps connect to')
    .description(
      'Lists where the apps connect to, and how often they wanted to where they may not. It counts what goes through the egress proxy, which is there when the configuration has `egress`.',
    )
    .argument('[app]', 'only this one')
    .action((app: string | undefined) => egress(context(), app));
}

async function egress(context: Context, name: string | undefined): Promise<void> {
  const { out, err, json } = context;
  const none: EgressView = { apps: {}, counts: [] };
  const client = await context.look();
  if (client && name !== undefined) await client.app(name); // says that there is none
  const view = client ? await client.egress(name) : none;
  if (json) return out.json(view);
  if (view.counts.length === 0) {
    if (Object.keys(view.apps).length > 0) return err.line('nothing has been connected to yet');
    return err.line(
      `no app uses ${EGRESS_NAME}: add \`egress: 'observe'\` to the configuration and run \`hold up\``,
    );
  }
  const { egressTable } = await import('../print/egress-table.ts');
  out.lines(egressTable(view.counts, { width: out.width, style: out.style, now: Date.now() }));
}
