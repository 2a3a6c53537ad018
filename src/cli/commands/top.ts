import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineTop(program: Command, context: ContextFactory): void {
  program
    .command('top')
    .summary('live view of what runs')
    .description(
      'Shows what runs, redrawn as it changes. Keys: q quits, arrows scroll, s sorts, a shows all instances or only those in trouble. Without a terminal it prints what happens as lines; with `--json` as events.',
    )
    .action(() => top(context()));
}

async function top(context: Context): Promise<void> {
  const { out, err, json, signal } = context;
  const client = await context.look();
  if (!client) {
    if (!json) err.line('nothing is running');
    return;
  }
  if (json) {
    for await (const event of client.events({ follow: true, signal }))
      await out.flow(`${JSON.stringify(event)}\n`);
    return;
  }
  const { liveView } = await import('../top/live-view.ts');
  await liveView(client, { signal, stdin: context.stdin, stdout: out.stream, env: context.env });
}
