import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineDown(program: Command, context: ContextFactory): void {
  program
    .command('down')
    .summary('stop everything, the daemon last')
    .description(
      'Stops every app of this home, the edge and at last the daemon; ports are free and nothing is left running. With `--json` the names of what was stopped.',
    )
    .action(() => down(context()));
}

async function down(context: Context): Promise<void> {
  const { out, err, json } = context;
  const client = await context.look();
  const running = client ? (await client.apps()).filter(({ status }) => status !== 'stopped') : [];
  const names = running.map(({ name }) => name);
  if (!client) {
    if (json) out.json([]);
    else err.line('nothing is running');
    return;
  }
  if (!json && names.length > 0) err.line(`stopping ${names.map((name) => err.style.bold(name)).join(', ')}`);
  const { progress } = await import('../progress.ts');
  const { awaitEnd } = await import('../../client/await-end.ts');
  const { waiting } = await import('../waiting.ts');
  const end = async () => {
    await client.down({ onEvent: progress(context), signal: context.signal });
    await awaitEnd(context.home);
  };
  await waiting(context, 'waiting for the end of all', end, { told: true });
  if (json) out.json(names);
  else err.line(names.length === 0 ? 'the daemon has ended; no app was running' : 'everything is stopped');
}
