import type { Command } from 'commander';
import type { ContextFactory } from '../program.ts';

interface RunAllCommandOptions {
  readonly file?: string;
  readonly health?: string;
  readonly plain?: boolean;
}

const DESCRIPTION = `Runs every app and site of the config file in the foreground, as the main program of a container. What apps \
print comes out here as JSON lines, and what happens to them on stderr. SIGTERM stops all in order. It ends with 1 when an app has \
failed for good, and with the code of the last app when all have ended by themselves. As process 1 it also takes care of processes \
that nobody waits for (Node 22.15 or later). Without --home and HOLDFAST_HOME everything is kept in a temporary directory.`;

export function defineRunAll(program: Command, context: ContextFactory): void {
  program
    .command('run-all')
    .summary('run everything in the foreground, as in a container')
    .description(DESCRIPTION)
    .option('-f, --file <file>', 'config file (default: holdfast.config.* of this directory)')
    .option(
      '--health <address>',
      'answer /healthz (it works) and /readyz (all are ready) here: a port, or an address such as 127.0.0.1:8099',
    )
    .option('--plain', 'print lines as `hold logs` does, instead of JSON')
    .action(async ({ file, health, plain = false }: RunAllCommandOptions) => {
      const { becomeInit } = await import('../run-all/first-process.ts');
      const used = context();
      becomeInit((text) => used.err.line(text));
      const { parseAddress } = await import('../run-all/health.ts');
      const { runAll } = await import('../run-all/run-all.ts');
      await runAll(used, { file, plain, health: health === undefined ? null : parseAddress(health) });
    });
}
