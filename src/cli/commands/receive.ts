import type { Command } from 'commander';
import type { ContextFactory } from '../program.ts';

/** Not for people: other machines and git call it. */
export function defineReceive(program: Command, context: ContextFactory): void {
  program
    .command('receive', { hidden: true })
    .summary('the other end of `hold deploy <target>`')
    .description(
      'What `hold deploy <target>` runs on each host: it speaks NDJSON on stdin and stdout, and is not for people.',
    )
    .requiredOption('--project <name>', 'the project')
    .action(async ({ project }: { project: string }) => {
      const { receiveReleases } = await import('../deploy/receive.ts');
      await receiveReleases(context(), project);
    });
}
