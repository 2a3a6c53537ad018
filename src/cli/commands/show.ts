import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineShow(program: Command, context: ContextFactory): void {
  program
    .command('show')
    .summary('one app in full')
    .description(
      'Shows one app in full: its command and settings (secrets masked), ports, instances with reasons, and what happened lately.',
    )
    .argument('<app>', 'name of the app')
    .action((name: string) => show(context(), name));
}

async function show(context: Context, name: string): Promise<void> {
  const { out, json } = context;
  const { lookUpOne } = await import('../targets.ts');
  const { client } = await lookUpOne(context, name);
  const detail = await client.app(name);
  if (json) return out.json(detail);
  const { detailLines } = await import('../print/detail.ts');
  out.lines(detailLines(detail, { width: out.width, style: out.style, now: Date.now() }));
}
