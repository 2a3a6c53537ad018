import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineUpgrade(program: Command, context: ContextFactory): void {
  program
    .command('upgrade')
    .summary('let the version that is installed now take over')
    .description(
      'Replaces the daemon and the edge that run by the version of Holdfast that this command is of, and runs apps from now on with the Node that this command runs on. Apps are not touched, and no request fails. First `npm install -g holdfast@latest`, then this.',
    )
    .action(() => upgrade(context()));
}

async function upgrade(context: Context): Promise<void> {
  const { changeVersion } = await import('../../client/upgrade.ts');
  const { progress } = await import('../progress.ts');
  const { err, json, signal } = context;
  const options = { onEvent: progress(context), signal };
  const { waiting } = await import('../waiting.ts');
  const change = await waiting(context, 'the new daemon takes over', () =>
    changeVersion(context.home, options),
  );
  if (!change) {
    if (json) context.out.json(null);
    else err.line('nothing is running: the next command starts the version that is installed');
    return;
  }
  const { client, before, after } = change;
  for (const { name, kind, wanted } of await client.apps()) {
    if (kind === 'app' || kind === 'front' || wanted === 0) continue;
    const news = { ...options, onEvent: progress(context, name) };
    await waiting(context, `waiting for ${name}`, () => client.reload(name, news), { told: true });
  }
  client.close();
  if (json) return context.out.json({ before, after });
  const from = before.version === after.version ? '' : ` (${before.version} before)`;
  const node = before.node === after.node ? after.node : `${after.node} (${before.node} before)`;
  err.line(`Holdfast ${err.style.bold(after.version)}${from} runs, on Node ${node}`);
  if (before.node !== after.node) err.line(err.style.dim('hold reload all  lets the apps run on it, too'));
}
