import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineTop(program: Command, context: ContextFactory): void {
  program
    .command('top')
    .summary('live view of what runs')
    .description(
      'Shows apps and instances with requests, errors, CPU and memory, redrawn as they change. Keys sort, filter, open an app or its log, and restart, reload, stop or scale it; `?` lists them. Without a terminal it prints what happens as lines; with `--json` as events.',
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
  const { hasScreen } = await import('../print/style.ts');
  if (err.isTTY && !hasScreen(out.isTTY, context.env)) {
    err.line('no screen to draw on: this is what happens; `hold ls` and `hold traffic` print tables');
  }
  await liveView(client, { signal, stdin: context.stdin, stdout: out.stream, env: context.paintEnv });
}
