import type { Command } from 'commander';
import type { ContextFactory } from '../program.ts';

export function defineForever(program: Command, context: ContextFactory): void {
  program
    .command('forever')
    .summary("forever's command line")
    .description(
      "Takes forever's command line: same actions, same options, same exit codes, for scripts and habits of its users. `hold forever help` lists them, docs/moving-from-forever.md tells what is different.",
    )
    .argument('[words...]', 'as behind `forever`: `start -l app.log app.js`, `list`, `stop 0`')
    .action(async (words: string[]) => {
      const { runForever } = await import('../forever/main.ts');
      await runForever(context(), words);
    });
}
