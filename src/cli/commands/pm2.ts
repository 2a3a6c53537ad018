import type { Command } from 'commander';
import type { ContextFactory } from '../program.ts';

export function definePm2(program: Command, context: ContextFactory): void {
  program
    .command('pm2')
    .summary("PM2's command line")
    .description(
      "Takes PM2's everyday command line and its ecosystem files: same commands, same options, same meaning. `hold pm2 --help` lists them, docs/moving-from-pm2.md tells what is different.",
    )
    .argument('[words...]', 'as behind `pm2`: `start app.js -i max`, `ls`, `restart all`')
    .action(async (words: string[]) => {
      const { runPm2 } = await import('../pm2/main.ts');
      await runPm2(context(), words);
    });
}
